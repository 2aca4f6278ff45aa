import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import { erasedData } from '#core/journey/erased.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { JsonObject } from '#core/json.ts';
import type { Principal } from '#application/principal.ts';
import { erasedTables } from '#adapters/postgres/erasure-store.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { deafCrm, dana, goodSearch, olga } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { folded, playOf } from '#test/support/engine/play.ts';
import { commandFor, history, variedDocument, worldOf } from '#test/support/engine/random-commands.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const ada: Principal = { ...olga, id: 'ada', roles: ['admin'] };
/** Wherever somebody can say something of a client, this is part of it. */
const CANARY = 'kanarienvogel';

describe('erasing a client', () => {
  let at: FreshDatabase;
  let engine: Engine;

  beforeAll(async () => {
    at = await freshEmbedded();
    const agents = scriptedAgents({
      run_security_scan: () => ({
        scan_result: { critical: 0, high: 0, note: CANARY },
        vulnerabilities: [CANARY],
        [CANARY]: CANARY,
      }),
    });
    let attempts = 0;
    agents.does('provision_test_dataset', ({ workId }) => {
      attempts += 1;
      if (workId.includes('acme') && attempts === 1) return Promise.reject(new Error(`No room for ${CANARY}.`));
      return Promise.resolve({ dataset_id: CANARY, record_count: 1 });
    });
    engine = await engineOn({
      database: at.database,
      functions: agents.functions,
      settings: deafCrm,
    });
    await wholeWay('acme');
    await wholeWay('bolt');
  }, 240_000);
  afterAll(async () => {
    await engine.stop();
    await at.drop();
  });

  /** Sandbox, rejected, approved, pilot, back to the sandbox: every table gets something to forget. */
  async function wholeWay(client: string): Promise<void> {
    const key = `key-${client}`;
    const start = {
      ...startInput(client, { users: [CANARY], note: { of: CANARY } }),
      metadata: { contact: CANARY, [CANARY]: 1 },
    };
    await engine.call('journey.start', start, olga, key);
    await engine.until(client, ({ units }) => units[0].status === 'completed', 120_000);
    const observations = [
      { kind: 'search_quality', value: goodSearch, source: CANARY },
      { kind: 'connector_status', subject: 'jira', value: { status: 'synced' }, source: CANARY },
      { kind: 'connector_status', subject: 'slack', value: { status: 'synced' } },
      { kind: 'connector_status', subject: CANARY, value: { status: 'error' } },
      { kind: 'survey_response', subject: CANARY, value: { score: 5 } },
    ];
    await engine.call('evidence.record', { client_id: client, observations });
    const ask = async () =>
      (await engine.until(client, ({ approval }) => approval?.status === 'open', 120_000)).approval;
    const reason = `Ask ${CANARY}.`;
    const first = await ask();
    await engine.call('approval.decide', { approval_id: first.approval_id, decision: 'reject', reason }, dana);
    await engine.call('approval.request', { client_id: client });
    const second = await ask();
    await engine.call('approval.decide', { approval_id: second.approval_id, decision: 'approve', reason }, dana);
    await engine.until(client, ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed', 120_000);
    await engine.call('journey.validate_exit', { client_id: client });
    await engine.call('journey.roll_back', { client_id: client, reason });
    await engine.call('journey.provide_input', { client_id: client, inputs: { users: [CANARY, 'ben'] } });
  }

  /** Every row of every table, as text. */
  async function rowsWith(word: string): Promise<readonly string[]> {
    const tables = await at.database.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await at.database.query<{ text: string }>(`select t::text as text from ${name} t`);
      found.push(...rows.filter(({ text }) => text.includes(word)).map(({ text }) => `${name}: ${text}`));
    }
    return found;
  }
  const tablesWith = async (word: string, client: string) =>
    new Set((await rowsWith(word)).filter((row) => row.includes(client)).map((row) => row.slice(0, row.indexOf(':'))));
  const events = (client: string) =>
    at.database.query<{ seq: number; type: string; actor: string; hash: string | null; computed: string }>(
      `select seq, type, actor, erased_hash as hash, encode(sha256(convert_to(data::text, 'UTF8')), 'hex') as computed
       from journey_events where client_id = $1 order by seq`,
      [client],
    );

  test('every table with rows of a client is thought of', async () => {
    const tables = await at.database.query<{ name: string }>(
      `select distinct table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'client_id'`,
    );
    expect(tables.map(({ name }) => name).toSorted()).toEqual(Object.keys(erasedTables).toSorted());
  });

  test('S111: a journey that is not completed is not erased, and it is said what to do first', async () => {
    expect(await engine.refused('client.erase', { client_id: 'acme', reason: 'asked' }, ada)).toMatchObject({
      code: 'journey.not_completed',
      hint: 'complete ends the journey; then erase it.',
    });
    expect((await engine.refused('client.erase', { client_id: 'acme', reason: 'asked' }, olga)).code).toBe(
      'auth.forbidden',
    );
    expect((await engine.refused('client.erase', { client_id: 'acme' }, ada)).code).toBe('input.invalid');
    expect((await engine.refused('client.erase', { client_id: 'none', reason: 'x' }, ada)).code).toBe(
      'journey.unknown',
    );
  });

  test('S111: nothing that was said of the client is left in any table; seq, types, actors and hashes of its events are', async () => {
    await engine.call('journey.complete', { client_id: 'acme', reason: `Gone, says ${CANARY}.` });
    await engine.call('journey.complete', { client_id: 'bolt', reason: `Gone, says ${CANARY}.` });
    // The canary really was everywhere, so that its absence tells something.
    expect([...(await tablesWith(CANARY, 'acme'))]).toEqual([
      'approvals',
      'evidence',
      'evidence_current',
      'idempotency_keys',
      'journey_events',
      'journey_states',
      'outbox',
      'stage_transitions',
      'unit_of_works',
    ]);
    // As a receiver that answers with what it was sent would leave it.
    await at.database.query(`update outbox set problem = 'No contact ' || $1::text where client_id = 'acme'`, [CANARY]);
    const before = await events('acme');
    const others = await rowsWith('bolt');

    const erased = await engine.call('client.erase', { client_id: 'acme', reason: 'Request 4711' }, ada);
    expect(erased).toMatchObject({ seq: before.length + 1, events: before.length });

    expect((await rowsWith(CANARY)).filter((row) => row.includes('acme'))).toEqual([]);
    expect(await rowsWith('bolt')).toEqual(others);
    const [message] = await at.database.query<{ message: Output }>(
      `select message from outbox where client_id = 'acme' order by seq desc limit 1`,
    );
    expect(message?.message).toMatchObject({
      type: 'journey.completed',
      data: { stage: 'sandbox', reason: '[erased]' },
    });
    const after = await events('acme');
    expect(after.slice(0, -1).map(({ seq, type, actor }) => ({ seq, type, actor }))).toEqual(
      before.map(({ seq, type, actor }) => ({ seq, type, actor })),
    );
    expect(after.slice(0, -1).map(({ hash }) => hash)).toEqual(before.map(({ computed }) => computed));
    expect(after.at(-1)).toMatchObject({ type: 'client_erased', actor: 'ada', hash: null });
  }, 120_000);

  test('S111: what has not been told yet keeps what a receiver needs: type, time, client, number and stages', async () => {
    const rows = await at.database.query<{ seq: number; message: Output; problem: string | null }>(
      `select seq, message, problem from outbox where client_id = 'acme' order by seq`,
    );
    expect(rows.at(0)?.message).toMatchObject({ type: 'journey.started', data: { from: null, to: 'sandbox' } });
    expect(rows.at(-1)?.message).toMatchObject({ type: 'journey.completed', data: { reason: '[erased]' } });
    for (const { seq, message, problem } of rows) {
      expect(message.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(message.data).toMatchObject({ client_id: 'acme', seq });
      // A receiver may have repeated what it was told.
      expect([null, '[erased]']).toContain(problem);
    }
  });

  test('S111: what is left is as consistent as before: verify finds nothing', async () => {
    const { clients } = await engine.call('store.verify', {}, ada);
    expect(clients.map((one: Output) => [one.client_id, one.violations])).toEqual([
      ['acme', []],
      ['bolt', []],
    ]);
    expect(await engine.show('acme')).toMatchObject({ status: 'completed', stage: 'sandbox' });
  });

  test('S111: the client may start again, and be erased again', async () => {
    await engine.call('journey.start', { client_id: 'acme', data_sources: ['jira'], inputs: { note: CANARY } });
    expect((await engine.show('acme')).run).toBe(2);
    await engine.call('journey.complete', { client_id: 'acme', reason: CANARY });
    await engine.call('client.erase', { client_id: 'acme', reason: 'again' }, ada);
    expect((await rowsWith(CANARY)).filter((row) => row.includes('acme'))).toEqual([]);
    const { clients } = await engine.call('store.verify', { client_id: 'acme' }, ada);
    expect(clients[0].violations).toEqual([]);
  });

  test('S111: an erasure that broke off after its tombstone is named by verify, and finished by erasing again', async () => {
    // What a process leaves that dies between the two steps.
    await engine.orchestrator.journal.submit({
      clientId: 'bolt',
      command: { type: 'erase', reason: 'asked' },
      actor: 'ada',
      door: 'cli',
      requestId: 'broken-off',
    });
    const of = async () => (await engine.call('store.verify', { client_id: 'bolt' }, ada)).clients[0].violations;
    expect((await of()).find(({ invariant }: Output) => invariant === 'erasure').message).toMatch(
      /erases the client, but \d+ events before it still say what they said: erase it again/,
    );
    await engine.call('client.erase', { client_id: 'bolt', reason: 'asked' }, ada);
    expect(await of()).toEqual([]);
    expect(await rowsWith(CANARY)).toEqual([]);
  });

  test('an event without a tombstone after it is not erased, whoever asks', async () => {
    await engine.call('journey.start', startInput('live'));
    const erase = `select erase_events($1, array[1], array['{}'::json])::int as count`;
    expect(await at.database.query(erase, ['live'])).toEqual([{ count: 0 }]);
    expect(await at.database.query(erase, ['acme'])).toEqual([{ count: 0 }]);
  });
});

describe('a journey whose events were erased', () => {
  test('S111: folds to the same erased journey, whatever its history was', () => {
    let clients = 0;
    fc.assert(
      fc.property(history(60), (steps) => {
        const play = playOf(variedDocument, `erased-${(clients += 1)}`);
        for (const step of steps) {
          play.pass(step.pass_ms);
          play.attempt(commandFor(step, play.plan, play.known(), play.now()), worldOf(step));
        }
        if (play.known()?.status !== 'completed' && isRefusal(play.attempt({ type: 'complete', reason: 'x' }))) return;
        play.do({ type: 'erase', reason: 'asked' });
        const erased = play.log.map(({ event, at }) =>
          event.type === 'client_erased'
            ? { event, at }
            : { event: erasedData(event as unknown as JsonObject) as unknown as JourneyEvent, at },
        );
        expect(folded(erased, play.clientId)).toEqual(play.journey());
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});
