import type { Json } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { ClaimRoom, ReservedTask } from '#application/claims.ts';
import { timestamptz } from './column-types.ts';
import type { Database, Query } from './database.ts';
import { noted, OF_ATTEMPT, saidParameters } from './task-progress.ts';

type Row = {
  readonly client_id: string;
  readonly work_id: string;
  readonly task_id: string;
  readonly generation: number;
  readonly attempt: number;
  readonly intent: string;
  readonly input: Json;
  readonly state: 'ready' | 'running';
  readonly lease_until: Instant;
  readonly deadline_at: Instant | null;
};

// What the same request has reserved or got before goes ahead of what is ready, also when its lease is over and nobody has
// noticed yet: to ask again is a sign of life. A row with an owner has lost its lease: a process is about to record that. SKIP LOCKED: two who ask at once get different rows.
const RESERVE = `
with mine as (
  select client_id, work_id, task_id from uow_tasks
  where $4::text is not null and claimed_by = $3 and claim_request = $4 and state in ('ready', 'running')
    and owner is null and (state = 'running' or lease_until > $5)
  limit 1
), next as (
  select t.client_id, t.work_id, t.task_id from uow_tasks t
  where t.state = 'ready' and t.via = 'pull' and t.intent = any($1::text[]) and not exists (select 1 from mine)
    and ($2::text[] is null or t.client_id = any($2)) and (t.lease_until is null or t.lease_until <= $5)
    and exists (select 1 from unit_of_works u where u.client_id = t.client_id and u.work_id = t.work_id and u.status = 'in_progress')
    and exists (select 1 from journey_states j where j.client_id = t.client_id and j.status = 'active')
  order by t.available_at
  limit 1
  for update skip locked
)
update uow_tasks t set claimed_by = $3, claim_request = $4, lease_until = case when t.state = 'ready' then $6
    else least(greatest(t.lease_until, $6::timestamptz), t.deadline_at) end
from (select * from mine union all select * from next) as found
where t.client_id = found.client_id and t.work_id = found.work_id and t.task_id = found.task_id
  and t.owner is null and (t.lease_until is null or t.lease_until <= $5 or (t.claimed_by = $3 and t.claim_request = $4))
returning t.client_id, t.work_id, t.task_id, t.generation, t.attempt, t.intent, t.input, t.state, t.lease_until, t.deadline_at`;

const BEAT = noted(`, lease_until = least($11::timestamptz, t.deadline_at)
  where ${OF_ATTEMPT} and t.state = 'running' and t.via = 'pull' and t.claimed_by = $6 and t.owner is null`);

export function postgresClaimRoom(database: Database): ClaimRoom {
  return {
    reserve: async ({ intents, clients, by, request, machineNow, reserveUntil }) => {
      const parameters = [intents, clients, by, request, timestamptz(machineNow), timestamptz(reserveUntil)];
      const reserve = (query: Query) => query<Row>(RESERVE, parameters, 'reserve_task');
      const [row] =
        request === null
          ? await reserve(database.query)
          : // The same request twice at once must find what the other one has got: it waits its turn.
            await database.transaction(async (query) => {
              await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`claim\n${by}\n${request}`]);
              return reserve(query);
            });
      return row ? reservedOf(row) : null;
    },
    giveBack: async ({ clientId, workId, taskId, generation, attempt }) => {
      await database.query(
        `update uow_tasks set claimed_by = null, claim_request = null, lease_until = null
         where client_id = $1 and work_id = $2 and task_id = $3 and generation = $4 and attempt = $5 and state = 'ready'`,
        [clientId, workId, taskId, generation, attempt],
        'give_task_back',
      );
    },
    beat: async (beat) => {
      const [row] = await database.query<{ lease_until: Instant; deadline_at: Instant }>(
        BEAT,
        [...saidParameters(beat), timestamptz(beat.leaseUntil)],
        'heartbeat_task',
      );
      return row ? { leaseUntil: row.lease_until, deadline: row.deadline_at } : null;
    },
  };
}

const reservedOf = (row: Row): ReservedTask => ({
  clientId: row.client_id,
  workId: row.work_id,
  taskId: row.task_id,
  generation: row.generation,
  attempt: row.attempt,
  intent: row.intent,
  input: row.input,
  lease:
    row.state === 'running' && row.deadline_at !== null
      ? { leaseUntil: row.lease_until, deadline: row.deadline_at }
      : null,
});
