import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { Journey } from '#core/journey/journey.ts';
import { DAY, HOUR, MINUTE, SECOND } from '#core/time.ts';
import { openDeadlines } from '#application/deadlines.ts';
import { evaluateExits } from '#application/ticks/evaluate-exits.ts';
import { systemClock } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresDueChecks } from '#adapters/postgres/checks.ts';
import { readJourneys } from '#adapters/postgres/journey-reader.ts';
import type { ConfigDocument } from '#settings/document.ts';
import {
  dana,
  demoApproval,
  goodSearch,
  quiet,
  realDocument,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { eventsOf, holdAdmission, openTestJournal } from '#test/support/engine/journal.ts';
import { engineOn, eventually, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { playOf, start as started } from '#test/support/engine/play.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const aDayBetweenLooks = { polling: { ...realDocument.polling, base_interval_seconds: 86_400 } };
const long = 25_000;

const stage = (parts: Parameters<typeof smallDocument>[0][number]) => [parts, { id: 'production' }];

describe('time passes, and nobody says anything', () => {
  let at: FreshDatabase;
  let engine: Engine;
  let ahead_ms = 0;
  let heard: JsonObject[];
  const alerts = () => heard.filter((line) => line['alert'] !== undefined);

  beforeEach(async () => {
    at = await freshEmbedded();
    ahead_ms = 0;
    heard = [];
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  async function open(document: ConfigDocument): Promise<void> {
    const clock = { ...systemClock(), journey: () => Date.now() + ahead_ms };
    engine = await engineOn({
      database: at.database,
      clock,
      logger: { ...quiet, warn: (message, fields) => void heard.push({ message, ...fields }) },
      settings: { document, polling: { cron: '* * * * * *' } },
    });
  }
  const start = (clientId: string) => engine.call('journey.start', { client_id: clientId, data_sources: ['jira'] });
  const record = (...observations: Output[]) => engine.call('evidence.record', { client_id: 'acme', observations });
  const dueAt = async (): Promise<number> => {
    const [row] = await at.database.query<{ due_at: number }>('select due_at from journey_checks');
    return row?.due_at ?? 0;
  };

  test('S70: a stage is at risk and then breached, with an alert each, in the status and in the history', async () => {
    await open(smallDocument(stage({ id: 'sandbox', criteria: [searchQuality()], days: 10 }), aDayBetweenLooks));
    await start('acme');
    ahead_ms = 8 * DAY;
    await engine.until('acme', ({ duration }) => duration === 'at_risk' && alerts().length === 1, long);
    ahead_ms = 10 * DAY;
    const journey = await engine.until(
      'acme',
      ({ duration }) => duration === 'breached' && alerts().length === 2,
      long,
    );
    expect(journey).toMatchObject({ day: 11, duration_target_days: 10, time_split: { waiting_on: 'us' } });
    expect(journey.stage_age_seconds).toBeCloseTo(journey.time_split.us, 3);
    expect(journey.stage_age_seconds).toBeGreaterThanOrEqual(864_000);
    expect(alerts()).toMatchObject([
      { alert: 'stage_duration_at_risk', client_id: 'acme', stage: 'sandbox', target_days: 10 },
      { alert: 'stage_duration_breached', client_id: 'acme', stage: 'sandbox', target_days: 10 },
    ]);
    await engine.call('journey.complete', { client_id: 'acme', reason: 'over' });
    const { events } = await engine.call('journey.history', { client_id: 'acme' });
    expect(events.map(({ type }: Output) => type)).toContain('stage_duration_breached');
    expect(events.at(-1).data.time_split_ms.us).toBeGreaterThanOrEqual(10 * DAY);
    expect(await verify(at.database)).toMatchObject({ broken: [] });
  });

  test('S75: who was asked is reminded, then the request expires with an alert and a new one goes out', async () => {
    const approval = demoApproval({ remind_after_hours: 24, max_reminders: 1, expires_after_days: 2 });
    const criteria = [searchQuality(0.8, { max_age_hours: null }), approval];
    await open(smallDocument(stage({ id: 'sandbox', criteria }), aDayBetweenLooks));
    await start('acme');
    await record({ kind: 'search_quality', value: goodSearch });
    const first = (await engine.show('acme')).approval;
    ahead_ms = DAY;
    await engine.until('acme', ({ approval: { reminders } }) => reminders === 1, long);
    const [listed] = (await engine.call('approval.list', {}, dana)).approvals;
    expect(listed).toMatchObject({ approval_id: first.approval_id, reminders: 1 });
    expect(listed.reminded_at).not.toBeNull();
    ahead_ms = 2 * DAY + SECOND;
    const { approval: second } = await engine.until('acme', (one) => one.approval.reminders === 0, long);
    expect(second).toMatchObject({ status: 'open' });
    expect(second.approval_id).not.toBe(first.approval_id);
    await eventually(
      () => Promise.resolve(alerts()),
      (told) => told.length > 0,
      long,
    );
    expect(alerts()).toMatchObject([{ alert: 'approval_expired', approval_id: first.approval_id }]);
    const late = { approval_id: first.approval_id, decision: 'approve' };
    expect(await engine.refused('approval.decide', late, dana)).toMatchObject({
      code: 'approval.not_open',
      details: { open: second.approval_id },
    });
    expect(await verify(at.database)).toMatchObject({ broken: [] });
  });

  test('S65: what changes sooner than the next look makes the journey due then, whenever it came in', async () => {
    const criteria = [searchQuality(0.8, { max_age_hours: 1, required: false })];
    await open(smallDocument(stage({ id: 'sandbox', criteria, auto: false }), aDayBetweenLooks));
    await start('acme');
    expect(await dueAt(), 'looked at within a day').toBeGreaterThan(Date.now() + 20 * HOUR);
    const observed = Date.now() - MINUTE;
    await record({ kind: 'search_quality', value: goodSearch });
    const due = await dueAt();
    expect(due).toBeGreaterThan(observed + HOUR);
    expect(due, 'one hour after it was observed').toBeLessThanOrEqual(Date.now() + HOUR + 1);
    ahead_ms = HOUR + SECOND;
    await eventually(
      () => at.database.query<{ code: string }>(`select code from evaluations where check_id = 'search_quality'`),
      ([row]) => row?.code === 'evidence.stale',
      long,
    );
  });
});

describe('looking at what is due', () => {
  const plan = playOf(
    smallDocument([{ id: 'sandbox', criteria: [searchQuality()], auto: false }, { id: 'production' }]),
  ).plan;

  async function prepared() {
    const at = await freshEmbedded();
    await holdAdmission(at.database, 1);
    const alerts: { alert: string; journeys: unknown }[] = [];
    const raise = (alert: string, _message: string, fields: JsonObject = {}) =>
      void alerts.push({ alert, journeys: fields['journeys'] });
    const engine = await openTestJournal(at.database, { plan, raise });
    const clock = {
      journey: () => engine.world.now,
      machine: () => engine.world.now,
      sleep: () => new Promise<void>((resolve) => void setImmediate(resolve)),
    };
    const deadlines = openDeadlines(clock, raise);
    const checks = postgresDueChecks(at.database);
    await engine.do('acme', started());
    await engine.do('acme', {
      type: 'record_evidence',
      observations: [seen('search_quality', goodSearch, engine.world.now)],
    });
    const evaluate = (before: () => Promise<void>) =>
      evaluateExits({
        journal: engine.journal,
        plans: { active: () => plan, get: () => plan, ensure: () => Promise.resolve() },
        clock,
        ids: cryptoIds,
        checks,
        deadlines,
        logger: quiet,
        load: async (clientIds): Promise<ReadonlyMap<string, Journey>> => {
          await before();
          return readJourneys(at.database, clientIds);
        },
      });
    const [row] = await at.database.query<{ due_at: number }>('select due_at from journey_checks');
    engine.world.now = row?.due_at ?? 0;
    const close = async () => {
      deadlines.stop();
      await engine.journal.close();
      await at.drop();
    };
    return { at, engine, alerts, checks, evaluate, close };
  }

  test('S51: a round whose loading takes too long leaves every criterion unknown, with event and alert; the next one mends it', async () => {
    const { at, engine, alerts, evaluate, close } = await prepared();
    await evaluate(() => {
      engine.world.now += 31 * SECOND;
      return Promise.resolve();
    });
    expect(await engine.stored('acme')).toMatchObject({
      verdicts: { search_quality: { outcome: 'unknown', code: 'validation.timed_out' } },
    });
    expect((await eventsOf(at.database, 'acme')).map(({ type }) => type)).toContain(
      'exit_criteria_validation_timed_out',
    );
    expect(alerts).toEqual([{ alert: 'exit_criteria_validation_timed_out', journeys: 1 }]);
    engine.world.now += MINUTE;
    await evaluate(() => Promise.resolve());
    expect(await engine.stored('acme')).toMatchObject({ verdicts: { search_quality: { outcome: 'passed' } } });
    expect(alerts).toHaveLength(1);
    await close();
  });

  test('S51: a store that does not answer is told of while it is waited for, and the journey is due again', async () => {
    const { engine, alerts, checks, evaluate, close } = await prepared();
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const round = evaluate(() => {
      asked.resolve();
      return answered.promise;
    });
    await asked.promise;
    engine.world.now += 31 * SECOND;
    await eventually(
      () => Promise.resolve(alerts),
      (told) => told.length === 1,
      long,
    );
    answered.reject(new Error('The store is gone.'));
    await expect(round).rejects.toThrow('The store is gone.');
    expect(alerts).toEqual([{ alert: 'exit_criteria_validation_timed_out', journeys: 1 }]);
    expect((await engine.stored('acme'))?.verdicts, 'nothing is known, so nothing is said').toMatchObject({
      search_quality: { outcome: 'passed' },
    });
    engine.world.now += plan.baseInterval_ms;
    expect(await checks.claim(engine.world.now, engine.world.now + 1, 10)).toEqual(['acme']);
    await close();
  });

  test('S65: what was made due while it was looked at stays due then', async () => {
    const { at, engine, checks, close } = await prepared();
    const { now } = engine.world;
    const until = now + HOUR;
    expect(await checks.claim(now, until, 10)).toEqual(['acme']);
    const sooner = new Date(now + MINUTE).toISOString();
    await at.database.query(`update journey_checks set due_at = $1`, [sooner]);
    await checks.schedule([{ clientId: 'acme', dueAt: now + DAY }], until);
    await checks.close(['acme'], until);
    expect(await at.database.query<{ due_at: number }>('select due_at from journey_checks')).toEqual([
      { due_at: now + MINUTE },
    ]);
    await close();
  });
});
