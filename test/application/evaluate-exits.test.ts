import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import { systemClock } from '#adapters/clock.ts';
import type { ConfigDocument } from '#settings/document.ts';
import { demoApproval, goodSearch, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const bugWindow = {
  check_id: 'bug_window',
  name: 'No Critical Bugs',
  validator: 'BugWindowValidator',
  parameters: { window_days: 7, max_critical: 0, max_high: 2 },
};
const allClear = { kind: 'bug', value: { all_clear: true } };

describe('the tick that judges what is due', () => {
  let at: FreshDatabase;
  let engine: Engine;
  /** Journey time runs ahead by this much; nothing is told that it does. */
  let ahead_ms = 0;

  beforeEach(async () => {
    at = await freshEmbedded();
    ahead_ms = 0;
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  async function open(document: ConfigDocument): Promise<void> {
    const clock = { ...systemClock(), journey: () => Date.now() + ahead_ms };
    engine = await engineOn({ database: at.database, clock, settings: { document, polling: { cron: '* * * * * *' } } });
  }
  const start = (clientId: string) => engine.call('journey.start', { client_id: clientId, data_sources: ['jira'] });
  const record = (clientId: string, ...observations: Output[]) =>
    engine.call('evidence.record', { client_id: clientId, observations });
  const production = async (): Promise<number> => {
    const rows = await at.database.query<{ count: number }>(
      `select count(*)::int as count from journey_states where current_stage = 'production'`,
    );
    return rows[0]?.count ?? 0;
  };

  test('S65 S78: promotes when time alone has closed the bug window, though nobody has said anything', async () => {
    await open(smallDocument([{ id: 'pilot', criteria: [bugWindow] }, { id: 'production' }]));
    await start('acme');
    ahead_ms = 6 * DAY;
    await record('acme', allClear);
    expect((await engine.show('acme')).criteria[0]).toMatchObject({ outcome: 'unknown', code: 'window.not_covered' });
    ahead_ms = 7 * DAY + HOUR;
    await engine.until('acme', ({ stage }) => stage === 'production');
    const { events } = await engine.call('journey.history', { client_id: 'acme' });
    expect(events.at(-1)).toMatchObject({ type: 'stage_entered', actor: 'system', door: 'scheduler' });
    expect(await verify(at.database)).toMatchObject({ broken: [] });
  });

  test('S65: evidence that has grown old shuts the gate again, and voids the request that rested on it', async () => {
    await open(smallDocument([{ id: 'sandbox', criteria: [searchQuality(), demoApproval()] }, { id: 'production' }]));
    await start('acme');
    await record('acme', { kind: 'search_quality', value: goodSearch });
    expect((await engine.show('acme')).approval).toMatchObject({ status: 'open' });
    // The request itself lives for seven days, as long as the evidence: what expires first is told.
    ahead_ms = 7 * DAY - HOUR;
    await record('acme', { kind: 'search_quality', value: { ...goodSearch, precision: 0.5 } });
    const journey = await engine.until('acme', ({ approval }) => approval.status === 'void');
    expect(journey.approval).toMatchObject({ reason: 'stale' });
    ahead_ms = 15 * DAY;
    const stale = await eventually(
      () =>
        at.database.query<{ code: string }>(
          `select code from evaluations where client_id = 'acme' and check_id = 'search_quality'`,
        ),
      ([row]) => row?.code === 'evidence.stale',
    );
    expect(stale).toEqual([{ code: 'evidence.stale' }]);
  });

  test('S65: takes more journeys than one claim holds, each once, and leaves nothing due', async () => {
    const clients = Array.from({ length: 620 }, (_, index) => `client-${index}`);
    const document = smallDocument([{ id: 'pilot', criteria: [bugWindow] }, { id: 'production' }], {
      max_concurrent_journeys: clients.length,
    });
    await open(document);
    await Promise.all(clients.map(start));
    ahead_ms = 6 * DAY;
    await Promise.all(clients.map((clientId) => record(clientId, allClear)));
    expect(await production()).toBe(0);
    ahead_ms = 8 * DAY;
    await eventually(production, (count) => count === clients.length);
    expect(await verify(at.database)).toMatchObject({ broken: [] });
    const due = await at.database.query(`select client_id from journey_checks where due_at <= $1`, [
      new Date(Date.now() + ahead_ms).toISOString(),
    ]);
    expect(due).toEqual([]);
  });
});
