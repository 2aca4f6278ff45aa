import { describe, expect, test } from 'vitest';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal } from '#test/support/engine/journal.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { systemClock } from '#adapters/clock.ts';
import { realDocument } from '#test/support/engine/fixtures.ts';
import { freshDatabase } from '#test/support/postgres/fresh.ts';

const { plan } = playOf(
  smallDocument([{ id: 'sandbox', auto: false }, { id: 'pilot', auto: false }, { id: 'production' }], {
    timeouts: { ...realDocument.timeouts, stage_transition_seconds: 1 },
  }),
);

describe('on a server whose rows are locked by somebody else', () => {
  test('S3: a transition is given up when its time is over, and is not recorded later either', async () => {
    await using at = await freshDatabase();
    await holdAdmission(at.database, 1);
    const alerts: string[] = [];
    const clock = systemClock();
    const engine = await openTestJournal(at.database, { plan, clock, raise: (alert) => void alerts.push(alert) });
    await engine.do('acme', start());
    const holder = await at.database.connect();
    await holder.query({ text: 'begin' });
    await holder.query({ text: `select 1 from journey_states where client_id = 'acme' for update` });

    const asked = engine.do('acme', { type: 'promote', reason: 'go' });
    await eventually(
      () => Promise.resolve(alerts),
      ([alert]) => alert === 'stage_transition_timed_out',
    );
    // The statement that was given up waits for the lock until the server notices that nobody waits for its answer; what
    // is recorded in its place waits behind it, and is alone then.
    await eventually(
      () =>
        at.database.query<{ query: string }>(
          `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      (waiting) => waiting.length === 1 && String(waiting[0]?.query).includes('w_journey_touch'),
    );
    await holder.query({ text: 'commit' });
    const { events } = await asked;
    expect(events.map(({ type }) => type)).toEqual(['stage_transition_timed_out']);
    expect(await engine.stored('acme')).toMatchObject({ stage: 'sandbox', stageEntry: 1 });
    expect(alerts).toHaveLength(1);
    await holder.end();
    await engine.journal.close();
  }, 90_000);
});
