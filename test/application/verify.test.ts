import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '#application/principal.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { dana, goodSearch, olga } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const ada: Principal = { ...olga, id: 'ada', roles: ['admin'] };

type Found = { readonly invariant: string; readonly message: string };

/** A row of the waiting room that has been due for a year. */
const roomWith = (state: string, owner: string): string =>
  `insert into uow_tasks (client_id, bucket, work_id, task_id, intent, state, generation, attempt, available_at, owner, created_at)
   select client_id, bucket, work_id, 'ghost', 'ghost', '${state}', 1, 1, created_at - interval '1 year', ${owner}, created_at
   from unit_of_works where client_id = $1 and stage = 'pilot'`;

/** What each change behind the product's back is named as. */
const planted: readonly {
  readonly what: string;
  readonly sql: string | readonly string[];
  readonly invariant: string;
  readonly says: RegExp;
}[] = [
  {
    what: 'an event that is gone',
    sql: `delete from journey_events where client_id = $1 and seq = 3`,
    invariant: 'I1',
    says: /event 4 stands where 3 should/,
  },
  {
    what: 'a version that no event has',
    sql: 'update journey_states set version = version + 1 where client_id = $1',
    invariant: 'I1',
    says: /journey_states is at version \d+/,
  },
  {
    what: 'a transition from a stage that it was not in',
    sql: `update journey_events set data = (data::jsonb || '{"from":"production"}')::json
          where client_id = $1 and type = 'stage_entered' and data ->> 'stage' = 'pilot'`,
    invariant: 'I1',
    says: /enters pilot from production, but it was in sandbox/,
  },
  {
    what: 'a transition that the configuration does not have',
    sql: `update journey_events set data = (data::jsonb || '{"stage":"production"}')::json
          where client_id = $1 and type = 'stage_entered' and data ->> 'stage' = 'pilot'`,
    invariant: 'I2',
    says: /goes from sandbox to production: after sandbox comes pilot/,
  },
  {
    what: 'a configuration that is not stored',
    sql: `update journey_events set data = (data::jsonb || '{"config_hash":"beef"}')::json
          where client_id = $1 and type = 'stage_entered' and data ->> 'stage' = 'pilot'`,
    invariant: 'I2',
    says: /beef, which is not stored/,
  },
  {
    what: 'a promotion on evidence that is not good enough',
    sql: `update journey_events set data = replace(data::text, '0.9', '0.7')::json
          where client_id = $1 and type = 'evidence_recorded'`,
    invariant: 'I3',
    says: /leaves sandbox, where search_quality is failed: .*0\.7/,
  },
  {
    what: 'a promotion on an approval that was never granted',
    sql: `update journey_events set data = (data::jsonb || '{"approval_id":"apr-forged:1:1"}')::json
          where client_id = $1 and type = 'stage_entered' and data ->> 'stage' = 'pilot'`,
    invariant: 'I11',
    says: /on apr-forged:1:1, which is not granted in this stage entry/,
  },
  {
    what: 'an approval by whoever started the journey',
    sql: `update journey_events set data = (data::jsonb || '{"by":"olga"}')::json
          where client_id = $1 and type = 'approval_decided'`,
    invariant: 'I4',
    says: /lets olga, who started the journey, decide/,
  },
  {
    what: 'a result that was recorded twice',
    sql: [
      `update journey_events set seq = -seq where client_id = $1 and seq > (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
      `update journey_events set seq = 1 - seq where client_id = $1 and seq < 0`,
      `insert into journey_events select client_id, bucket, seq + 1, type, data, actor, door, request_id, at, null from journey_events
       where client_id = $1 and seq = (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
    ],
    invariant: 'I5',
    says: /provision_infra has succeeded/,
  },
  {
    what: 'a task that began before the one it depends on',
    sql: `update journey_events set data = (data::jsonb || '{"task_id":"run_security_scan"}')::json
          where client_id = $1 and seq = (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
    invariant: 'I6',
    says: /run_security_scan before provision_test_data has succeeded/,
  },
  {
    what: 'a state that the events do not give',
    sql: `update journey_states set inputs = '{"data_sources":["forged"]}' where client_id = $1`,
    invariant: 'I9',
    says: /journey_states: inputs\.data_sources.* is .*forged/,
  },
  {
    what: 'evidence that no event recorded',
    sql: `update evidence_current set value = '{"precision":1}' where client_id = $1 and kind = 'search_quality'`,
    invariant: 'I9',
    says: /journey_states: evidence\.search_quality/,
  },
  {
    what: 'a transition that is not in its table',
    sql: `delete from stage_transitions where client_id = $1 and to_stage = 'pilot'`,
    invariant: 'I9',
    says: /stage_transitions lacks \d+ promotion pilot/,
  },
  {
    what: 'an approval that its table tells differently',
    sql: `update approvals set status = 'rejected' where client_id = $1`,
    invariant: 'I9',
    says: /approvals has apr-\S+ rejected/,
  },
  {
    what: 'a unit of work that its table tells differently',
    sql: `update unit_of_works set status = 'failed' where client_id = $1 and stage = 'pilot'`,
    invariant: 'I9',
    says: /unit_of_works has uow-\S+ failed/,
  },
  {
    what: 'a task in the waiting room that waits for nothing',
    sql: `insert into uow_tasks (client_id, bucket, work_id, task_id, intent, state, generation, attempt, available_at, created_at)
          select client_id, bucket, work_id, 'ghost', 'ghost', 'ready', 1, 1, created_at, created_at
          from unit_of_works where client_id = $1 and stage = 'pilot'`,
    invariant: 'I9',
    says: /uow_tasks has uow-\S+\/ghost ready/,
  },
  {
    what: 'a verdict that its table tells differently',
    sql: `update evaluations set outcome = 'passed' where client_id = $1 and stage_entry = 2 and check_id = 'bug_window'`,
    invariant: 'I9',
    says: /evaluations has bug_window passed/,
  },
  {
    what: 'criteria that nobody looks at',
    sql: `update journey_checks set due_at = due_at - interval '1 year' where client_id = $1`,
    invariant: 'I12',
    says: /its criteria have been due since/,
  },
  {
    what: 'a retry that nobody has begun',
    sql: roomWith('retry_wait', 'null'),
    invariant: 'I12',
    says: /ghost has been retry_wait since/,
  },
  {
    what: 'a task at an agent that nobody follows',
    sql: roomWith('running', '4711'),
    invariant: 'I12',
    says: /ghost has been running since/,
  },
  {
    what: 'work of a process whose lease is over',
    sql: `update unit_of_works set status = 'in_progress', owner = 4711 where client_id = $1 and stage = 'pilot'`,
    invariant: 'I12',
    says: /is in progress with process 4711, whose lease is over/,
  },
  {
    what: 'a result of a process that had lost the work',
    sql: [
      `update journey_events set seq = -seq where client_id = $1 and seq >= (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
      `update journey_events set seq = 1 - seq where client_id = $1 and seq < 0`,
      `insert into journey_events select client_id, bucket, seq - 1, 'unit_taken_over',
         json_build_object('work_id', data ->> 'work_id', 'from', 1, 'to', 2), actor, door, 'e2-x-1', at, null
       from journey_events where client_id = $1 and seq = (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
    ],
    invariant: 'I13',
    says: /was recorded by process 1, which had lost/,
  },
  {
    what: 'an attempt beyond what the policy allows',
    sql: `update journey_events set data = (data::jsonb || '{"attempt":9}')::json
          where client_id = $1 and seq = (select min(seq) from journey_events where client_id = $1 and type = 'task_succeeded')`,
    invariant: 'I14',
    says: /is attempt 9 of \S+; 4 are allowed/,
  },
  {
    what: 'an event that nobody signed',
    sql: `update journey_events set actor = '' where client_id = $1 and seq = 2`,
    invariant: 'I16',
    says: /event 2 \(stage_entered\) has no actor/,
  },
  {
    what: 'a verdict on evidence of a source that does not count',
    sql: `update journey_events set data = replace(data::text, 'operator:olga', 'token:stranger')::json
          where client_id = $1 and type = 'evidence_recorded'`,
    invariant: 'I19',
    says: /says that search_quality has passed; on what counts it is unknown/,
  },
];

describe('verify', () => {
  let at: FreshDatabase;
  let engine: Engine;
  const stored = new Map<string, readonly Output[]>();
  const tables = [
    'journey_events',
    'journey_states',
    'unit_of_works',
    'uow_tasks',
    'stage_transitions',
    'evidence_current',
  ];
  const more = ['evaluations', 'approvals', 'journey_checks'];

  /** A client on its way through the sandbox, with an approval, to the gate of the pilot. */
  beforeAll(async () => {
    at = await freshEmbedded();
    engine = await engineOn({ database: at.database, functions: scriptedAgents().functions });
    await engine.call('journey.start', startInput('acme'));
    await engine.call('journey.start', startInput('bolt'));
    await engine.until('acme', ({ units }) => units[0].status === 'completed', 120_000);
    await engine.call('evidence.record', {
      client_id: 'acme',
      observations: [
        { kind: 'search_quality', value: goodSearch },
        { kind: 'connector_status', subject: 'jira', value: { status: 'synced' } },
        { kind: 'connector_status', subject: 'slack', value: { status: 'synced' } },
      ],
    });
    const { approval } = await engine.until('acme', (journey) => journey.approval !== null, 120_000);
    await engine.call('approval.decide', { approval_id: approval.approval_id, decision: 'approve' }, dana);
    await engine.until('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed', 120_000);
    await engine.call('journey.validate_exit', { client_id: 'acme' });
    for (const table of [...tables, ...more])
      stored.set(table, await at.database.query(`select * from ${table} where client_id = 'acme'`));
  }, 240_000);
  afterAll(async () => {
    await engine.stop();
    await at.drop();
  });

  const found = async (
    input: { readonly client_id?: string; readonly limit?: number } = {},
  ): Promise<readonly Found[]> => {
    const { clients, whole } = await engine.call('store.verify', input, ada);
    return [...whole, ...clients.flatMap(({ violations }: Output) => violations)];
  };

  test('names nothing while every invariant holds, and says which clients it has read', async () => {
    const { clients, whole, next_after } = await engine.call('store.verify', {}, ada);
    expect({ whole, next_after }).toEqual({ whole: [], next_after: null });
    expect(clients.map((one: Output) => [one.client_id, one.violations])).toEqual([
      ['acme', []],
      ['bolt', []],
    ]);
  });

  test.each(planted)('$invariant: $what is named, with the client and the values', async ({ sql, invariant, says }) => {
    for (const statement of [sql].flat()) await at.database.query(statement.replaceAll('$1', `'acme'`));
    try {
      const all = await found({ client_id: 'acme' });
      expect(
        all
          .filter((one) => one.invariant === invariant)
          .map(({ message }) => message)
          .join('\n'),
      ).toMatch(says);
      expect(await found({ client_id: 'bolt' })).toEqual([]);
    } finally {
      await restore();
    }
    expect(await found()).toEqual([]);
  });

  async function restore(): Promise<void> {
    for (const table of [...tables].toReversed().concat(more))
      if (table !== 'journey_states') await at.database.query(`delete from ${table} where client_id = 'acme'`);
    const put = (table: string) =>
      at.database.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`, [
        JSON.stringify(stored.get(table)?.map(asStored)),
      ]);
    const [state] = (stored.get('journey_states') ?? []).map(asStored);
    await at.database.query(
      `update journey_states j set (version, inputs) = (select version, inputs from json_populate_record(null::journey_states, $1::json))
       where client_id = 'acme'`,
      [JSON.stringify(state)],
    );
    for (const table of [...tables, ...more]) if (table !== 'journey_states') await put(table);
  }

  test('I12: a task at an agent that a living process follows may take as long as it takes', async () => {
    await at.database.query(roomWith('running', '(select max(epoch) from processes)').replace('$1', `'acme'`));
    const all = await found({ client_id: 'acme' });
    await restore();
    expect(all.map(({ invariant }) => invariant)).toEqual(['I9']);
  });

  test('I10: more journeys at once than the cap are named', async () => {
    await at.database.query(
      `insert into journey_states select * from json_populate_recordset(null::journey_states, (
         select json_agg(to_jsonb(j) || jsonb_build_object('client_id', 'crowd-' || n)) from journey_states j, generate_series(1, 100) n
         where client_id = 'bolt'))`,
    );
    const all = await found({ limit: 200 });
    await at.database.query(`delete from journey_states where client_id like 'crowd-%'`);
    expect(all.find(({ invariant }) => invariant === 'I10')?.message).toBe('102 journeys hold a place; the cap is 100');
  });

  test('I9: events without a journey are named', async () => {
    await at.database.query(
      `insert into journey_events select 'ghost', bucket, seq, type, data, actor, door, request_id, at, null from journey_events where client_id = 'bolt'`,
    );
    const all = await found();
    await at.database.query(`delete from journey_events where client_id = 'ghost'`);
    expect(all.map(({ message }) => message)).toEqual(['ghost has events, but no row in journey_states']);
  });

  test('reads page by page, only for admins, and says that a client is unknown', async () => {
    const first = await engine.call('store.verify', { limit: 1 }, ada);
    expect([first.clients[0].client_id, first.next_after, first.clients.length]).toEqual(['acme', 'acme', 1]);
    const last = await engine.call('store.verify', { limit: 1, after: 'acme' }, ada);
    expect([last.clients[0].client_id, last.next_after]).toEqual(['bolt', null]);
    expect((await engine.refused('store.verify', {}, olga)).code).toBe('auth.forbidden');
    expect((await engine.refused('store.verify', { client_id: 'nobody' }, ada)).code).toBe('journey.unknown');
  });
});

/** Times come as numbers of milliseconds; the tables take them as text. */
const asStored = (row: Output): Output =>
  Object.fromEntries(
    Object.entries(row as Record<string, unknown>).map(([column, value]) => [
      column,
      /(_at|^at|_until)$/.test(column) && typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  );
