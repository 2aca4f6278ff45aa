import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goodSearch, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { openServer } from '#adapters/postgres/server.ts';

const CLIENTS = 40;
const document = smallDocument(
  [{ id: 'sandbox', auto: false }, { id: 'pilot', criteria: [searchQuality()] }, { id: 'production' }],
  { max_concurrent_journeys: 1_000 },
);
const clients = (name: string): readonly string[] => Array.from({ length: CLIENTS }, (_, index) => `${name}-${index}`);

/** Two replicas on one PostgreSQL server: what opens a gate reaches one of them, the rollback the other. */
describe('S143: a rollback that races a promotion', () => {
  let at: FreshDatabase;
  let one: Engine;
  let other: Engine;
  /** Happens between the look of the other replica at a journey and what it does then. */
  let afterLook: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    at = await freshDatabase();
    one = await engineOn({ database: at.database, settings: { document }, keepDatabase: true });
    const server = await openServer({ server: at.url });
    const query: Database['query'] = async (text, values, name) => {
      const rows = await server.query<never>(text, values, name);
      if (name === 'load') await afterLook?.();
      return rows;
    };
    other = await engineOn({ database: { ...server, query }, settings: { document } });
  });
  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await at.drop();
  });

  async function allInPilot(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((client_id) => one.call('journey.start', { client_id, data_sources: ['jira'] })));
    await Promise.all(names.map((client_id) => one.until(client_id, ({ status }) => status === 'active')));
    await Promise.all(names.map((client_id) => one.call('journey.promote', { client_id, reason: 'go' })));
  }
  const openGate = (client_id: string): Promise<Output> =>
    one.call('evidence.record', { client_id, observations: [{ kind: 'search_quality', value: goodSearch }] });
  const transitions = async (name: string) =>
    at.database.query<{ kind: string; to_stage: string }>(
      `select kind, to_stage from stage_transitions where client_id like $1 and seq > 5 order by client_id, seq`,
      [`${name}-%`],
    );

  test('wins, whoever is recorded first: nobody is left in the stage that was promoted to', async () => {
    const names = clients('race');
    await allInPilot(names);
    const answers = await Promise.allSettled(
      names.flatMap((client_id, index) => {
        const back = () => other.call('journey.roll_back', { client_id, to_stage: 'sandbox', reason: 'an outage' });
        const both = index % 2 ? [back, () => openGate(client_id)] : [() => openGate(client_id), back];
        // Of the first the order is sure; the others race.
        return index === 0 ? [openGate(client_id).then(back)] : both.map((act) => act());
      }),
    );
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    const stages = await Promise.all(names.map(async (client_id) => (await one.show(client_id)).stage as string));
    expect(stages).toEqual(names.map(() => 'sandbox'));
    const kinds = (await transitions('race')).map(({ kind, to_stage }) => `${kind} ${to_stage}`);
    expect(kinds.filter((kind) => kind === 'rollback sandbox')).toHaveLength(CLIENTS);
    expect(kinds, 'at least one was promoted first').toContain('promotion production');
    expect(await verify(at.database)).toMatchObject({ broken: [] });
  }, 90_000);

  test('goes to the stage before the one that was looked at, also when a promotion comes in between', async () => {
    await allInPilot(['between']);
    afterLook = async () => {
      afterLook = undefined;
      await openGate('between');
      expect(await one.show('between')).toMatchObject({ stage: 'production' });
    };
    expect(await other.call('journey.roll_back', { client_id: 'between', reason: 'an outage' })).toMatchObject({
      stage: 'sandbox',
      previous_stage: 'production',
    });
    expect(afterLook).toBeUndefined();
  });

  test('leaves nothing to a promotion by hand that was meant for the stage before it', async () => {
    const names = clients('hand');
    await allInPilot(names);
    await Promise.all(
      names.flatMap((client_id) => [
        other.call('journey.roll_back', { client_id, reason: 'an outage' }),
        // Refused where the gate is shut or the journey has moved on; it must not lead from the sandbox to the pilot.
        one.call('journey.promote', { client_id, reason: 'go on' }).catch((refused: unknown) => refused),
      ]),
    );
    const journeys = await Promise.all(names.map((client_id) => one.show(client_id)));
    const wrong = journeys.filter(({ stage, stage_entry }) => stage === 'pilot' && stage_entry !== 4);
    expect(wrong).toEqual([]);
    expect(await verify(at.database)).toMatchObject({ broken: [] });
  }, 90_000);

  test('two people who look at the same go back one stage, and not two', async () => {
    await allInPilot(['twice']);
    await openGate('twice');
    afterLook = async () => {
      afterLook = undefined;
      await one.call('journey.roll_back', { client_id: 'twice', reason: 'an outage' });
    };
    const second = await other.refused('journey.roll_back', { client_id: 'twice', reason: 'an outage' });
    expect(second).toMatchObject({ code: 'stage.not_earlier' });
    expect(await one.show('twice')).toMatchObject({ stage: 'pilot' });
  });
});
