import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import { prune, type Retention, type RetentionStore } from '#application/ticks/prune.ts';
import type { Principal } from '#application/principal.ts';
import { postgresRetentionStore } from '#adapters/postgres/retention-store.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { deafCrm, olga, openPilot, quiet } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { freshDatabase } from '#test/support/postgres/fresh.ts';

const ada: Principal = { ...olga, id: 'ada', roles: ['admin'] };
const forGood: Retention = {
  evidenceHistory_ms: null,
  completedJourneys_ms: null,
  deliveries_ms: null,
  idempotencyKeys_ms: null,
};
const running = new AbortController().signal;

describe('what is kept for a time', () => {
  let at: FreshDatabase;
  let engine: Engine;

  beforeAll(async () => {
    at = await freshEmbedded();
    engine = await engineOn({
      database: at.database,
      functions: scriptedAgents().functions,
      settings: { document: openPilot, ...deafCrm },
    });
    for (const client of ['gone', 'here']) {
      await engine.call('journey.start', startInput(client), olga, `key-${client}`);
      await engine.until(client, ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed', 120_000);
      const observations = [1, 2, 3].map((score) => ({
        kind: 'survey_response',
        subject: 'ann',
        value: { score },
      }));
      await engine.call('evidence.record', { client_id: client, observations });
    }
    await engine.call('journey.complete', { client_id: 'gone', reason: 'over' });
    await at.database.query(
      `update outbox set state = 'delivered', delivered_at = created_at + interval '20 days' where client_id = 'gone'`,
    );
  }, 240_000);
  afterAll(async () => {
    await engine.stop();
    await at.drop();
  });

  const count = async (table: string, where = 'true'): Promise<number> =>
    (await at.database.query<{ count: number }>(`select count(*)::int as count from ${table} where ${where}`))[0]
      ?.count ?? 0;
  const counts = async () => ({
    events: await count('journey_events'),
    observations: await count('evidence'),
    current: await count('evidence_current'),
    messages: await count('outbox'),
    keys: await count('idempotency_keys'),
  });
  /** As if so many days had passed. */
  const pruneAfter = (days: number, retention: Partial<Retention>, store = postgresRetentionStore(at.database)) => {
    const now = () => Date.now() + days * DAY;
    const clock = { journey: now, machine: now, sleep: () => Promise.resolve() };
    return prune({ store, retention: { ...forGood, ...retention }, clock, logger: quiet }, running);
  };
  const everything: Retention = {
    evidenceHistory_ms: 7 * DAY,
    completedJourneys_ms: 7 * DAY,
    deliveries_ms: 7 * DAY,
    idempotencyKeys_ms: 7 * DAY,
  };

  test('stays until its time is over, and for good where nothing else is said', async () => {
    const before = await counts();
    expect(before.keys).toBe(2);
    await pruneAfter(6, everything);
    await pruneAfter(40_000, {});
    expect(await counts()).toEqual(before);
  });

  test('idempotency keys and delivered messages go; what was not delivered stays', async () => {
    const before = await counts();
    await pruneAfter(26, { deliveries_ms: 7 * DAY });
    expect(await counts(), 'they were delivered late, and are kept from then on').toEqual(before);
    await pruneAfter(28, { deliveries_ms: 7 * DAY, idempotencyKeys_ms: 7 * DAY });
    const waiting = await count('outbox', `client_id = 'here'`);
    expect(await counts()).toEqual({ ...before, keys: 0, messages: waiting });
    expect(waiting).toBeGreaterThan(0);
  });

  test('the history of observations goes; what is judged stays', async () => {
    const { current } = await counts();
    await pruneAfter(8, { evidenceHistory_ms: 7 * DAY });
    expect(await counts()).toMatchObject({ observations: 0, current });
  });

  test('the events of a completed journey go but for its last stage; a journey that is under way keeps all', async () => {
    const before = await engine.show('gone');
    const here = await count('journey_events', `client_id = 'here'`);
    const entered = await at.database.query<{ seq: number }>(
      `select seq from journey_events where client_id = 'gone' and type = 'stage_entered' order by seq desc limit 1`,
    );
    await pruneAfter(8, { completedJourneys_ms: 7 * DAY });
    expect(await count('journey_events', `client_id = 'here'`)).toBe(here);
    const { events } = await engine.call('journey.history', { client_id: 'gone' });
    expect([events[0].seq, events.at(-1).type]).toEqual([entered[0]?.seq, 'journey_completed']);
    expect(await engine.show('gone')).toEqual(before);
  });

  test('afterwards verify finds nothing, and the client may start again', async () => {
    await engine.call('journey.start', startInput('gone'));
    const again = await engine.until('gone', ({ stage }) => stage === 'pilot', 120_000);
    expect(again).toMatchObject({ run: 2, stage_entry: 4 });
    const { clients } = await engine.call('store.verify', {}, ada);
    expect(clients.map((one: Output) => [one.client_id, one.violations])).toEqual([
      ['gone', []],
      ['here', []],
    ]);
    await at.database.query(`delete from journey_events where client_id = 'gone' and type = 'task_succeeded'`);
    const broken = (await engine.call('store.verify', { client_id: 'gone' }, ada)).clients[0].violations;
    expect(broken[0]).toMatchObject({ invariant: 'I1' });
  });

  test('is taken in batches, and stops between two of them when the process does', async () => {
    const asked: string[] = [];
    const stopping = new AbortController();
    const store: RetentionStore = {
      prune: (what, _before, limit) => {
        asked.push(what);
        if (asked.length === 3) stopping.abort();
        return Promise.resolve(limit);
      },
    };
    const clock = { journey: () => 0, machine: () => 0, sleep: () => Promise.resolve() };
    await prune({ store, retention: everything, clock, logger: quiet }, stopping.signal);
    expect(asked).toEqual(['evidenceHistory', 'evidenceHistory', 'evidenceHistory']);
  });
});

test('one replica prunes at a time: another one finds it taken and does not wait', async () => {
  await using at = await freshDatabase();
  const store = postgresRetentionStore(at.database);
  const other = await at.database.connect();
  await other.query({ text: 'begin' });
  await other.query({ text: 'select pg_advisory_xact_lock(7311015)' });
  expect(await store.prune('idempotencyKeys', Date.now(), 10)).toBeNull();
  await other.query({ text: 'rollback' });
  expect(await store.prune('idempotencyKeys', Date.now(), 10)).toBe(0);
  await other.end();
});
