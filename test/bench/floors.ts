import postgres from 'postgres';
import { artefact, pool, type OpenContender } from './contender.ts';

/**
 * What PostgreSQL and Node give at best for the same work without an engine: no events, no evidence, no outbox, no
 * leases, no guards. floor-set advances slices of 500 journeys with set-based statements over two connections;
 * floor-naive runs one statement a step and a journey over sixteen.
 */
const SANDBOX = ['provision_infra', 'install_connectors', 'provision_test_data', 'run_security_scan'];
const PILOT_FIRST = 'connect_live_data';
const PILOT_PARALLEL = ['train_users', 'tune_models'];
const SANDBOX_TASKS = JSON.stringify(SANDBOX.map((id, index) => ({ id, deps: index > 0 ? [SANDBOX[index - 1]] : [] })));
const PILOT_TASKS = JSON.stringify([
  { id: PILOT_FIRST, deps: [] },
  ...PILOT_PARALLEL.map((id) => ({ id, deps: [PILOT_FIRST] })),
]);

const SCHEMA = `
create table journey_states (client_id text primary key, current_stage text not null, entered_stage_at timestamptz not null default now());
create table unit_of_works (work_id text primary key, client_id text not null references journey_states, stage text not null,
  status text not null default 'running', tasks jsonb not null, results jsonb not null default '{}',
  started_at timestamptz not null default now(), completed_at timestamptz);
create index on unit_of_works (client_id);
create table stage_transitions (transition_id uuid primary key default gen_random_uuid(), client_id text not null references journey_states,
  from_stage text not null, to_stage text not null, transitioned_at timestamptz not null default now(), reason text not null,
  exit_criteria_results jsonb not null, initiated_by text not null);
create index on stage_transitions (client_id);`;

const agent = (task: string, client: string) =>
  Promise.resolve({ task, client, status: 'succeeded', agent: 'noop-agent', artefact, attempts: 1 });
const criteria = (from: string): string =>
  JSON.stringify(
    ['connectors_known', 'connectors_syncing', 'scan_strict', 'scan_wide'].map((id) => ({
      id,
      stage: from,
      op: '>=',
      value: 1,
      actual: 2,
      met: true,
    })),
  );

const START = `with j as (insert into journey_states (client_id, current_stage) select c, 'sandbox' from unnest($1::text[]) c)
  insert into unit_of_works (work_id, client_id, stage, tasks) select c || ':sandbox', c, 'sandbox', $2::text::jsonb from unnest($1::text[]) c`;
const TASK = `update unit_of_works u set results = u.results || p.r::jsonb from unnest($1::text[], $2::text[]) p(w, r) where u.work_id = p.w`;
const TRANSITION = `with p as (select * from unnest($1::text[], $4::text[]) p(c, crit)),
  j as (update journey_states s set current_stage = $3, entered_stage_at = now() from p where s.client_id = p.c and s.current_stage = $2 returning s.client_id, p.crit),
  d as (update unit_of_works u set status = 'completed', completed_at = now() from p where u.work_id = p.c || ':' || $2),
  n as (insert into unit_of_works (work_id, client_id, stage, tasks) select client_id || ':pilot', client_id, 'pilot', $5::text::jsonb from j where $3 = 'pilot')
  insert into stage_transitions (client_id, from_stage, to_stage, reason, exit_criteria_results, initiated_by)
  select client_id, $2, $3, 'criteria met', crit::jsonb, 'engine' from j`;

const slices = (ids: readonly string[], size: number): string[][] =>
  Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => ids.slice(index * size, (index + 1) * size));

type Shape = { readonly name: string; readonly connections: number; readonly slice: number; readonly atOnce: number };

const floor =
  ({ name, connections, slice, atOnce }: Shape): OpenContender =>
  async (url) => {
    const sql = postgres(url, { max: connections, onnotice: () => undefined });
    await sql.unsafe(SCHEMA);
    const run = (text: string, values: (string | string[])[]) => sql.unsafe(text, values, { prepare: true });

    const start = (ids: readonly string[]) => run(START, [[...ids], SANDBOX_TASKS]);
    async function tasks(ids: readonly string[], stage: string, names: readonly string[]): Promise<void> {
      const results = await Promise.all(
        ids.map(async (id) =>
          JSON.stringify(
            Object.fromEntries(await Promise.all(names.map(async (task) => [task, await agent(task, id)]))),
          ),
        ),
      );
      await run(TASK, [ids.map((id) => `${id}:${stage}`), results]);
    }
    const transition = (ids: readonly string[], from: string, to: string) =>
      run(TRANSITION, [[...ids], from, to, ids.map(() => criteria(from)), PILOT_TASKS]);
    async function drive(ids: readonly string[]): Promise<void> {
      for (const task of SANDBOX) await tasks(ids, 'sandbox', [task]);
      await transition(ids, 'sandbox', 'pilot');
      await tasks(ids, 'pilot', [PILOT_FIRST]);
      // The set-based floor writes both results with one statement; one transaction a step means two here.
      if (slice === 1) await Promise.all(PILOT_PARALLEL.map((task) => tasks(ids, 'pilot', [task])));
      else await tasks(ids, 'pilot', PILOT_PARALLEL);
      await transition(ids, 'pilot', 'production');
    }
    return {
      name,
      batch: async (_prefix, ids) => {
        await pool(slices(ids, slice), atOnce, async (some) => void (await start(some)));
        await pool(slices(ids, slice), atOnce, drive);
      },
      lone: async (id) => {
        await start([id]);
        await drive([id]);
      },
      verify: async (total) => {
        const [row] = await sql`select
        (select count(*)::int from journey_states where current_stage = 'production') as done,
        (select coalesce(sum((select count(*) from jsonb_object_keys(results))), 0)::int from unit_of_works) as results,
        (select count(*)::int from stage_transitions where jsonb_array_length(exit_criteria_results) = 4) as transitions`;
        const expected = { done: total, results: 7 * total, transitions: 2 * total };
        return JSON.stringify(row) === JSON.stringify(expected)
          ? 'ok'
          : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(row)}`;
      },
      stop: () => sql.end(),
    };
  };

export const openFloorSet = floor({ name: 'floor-set', connections: 2, slice: 500, atOnce: 2 });
export const openFloorNaive = floor({ name: 'floor-naive', connections: 16, slice: 1, atOnce: 100 });
