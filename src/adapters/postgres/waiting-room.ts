import type { Json, JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { Question } from '#core/work/unit.ts';
import type { WaitingRoom } from '#application/dispatcher.ts';
import type { WaitingTask } from '#application/remote-work.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';
import { noted, OF_ATTEMPT, saidParameters } from './task-progress.ts';

type Row = {
  readonly client_id: string;
  readonly work_id: string;
  readonly task_id: string;
  readonly intent: string;
  readonly state: WaitingTask['state'];
  readonly generation: number;
  readonly attempt: number;
  readonly input: Json;
  readonly remote_task_id: string | null;
  readonly remote_agent: string | null;
  readonly question: Question | null;
  readonly via: WaitingTask['via'];
  readonly claimed_by: string | null;
  readonly deadline_at: Instant | null;
};

/** Its own process retries from memory; a row that is overdue by this much was forgotten, and is anybody's. */
const FORGOTTEN_AFTER_MS = 5_000;

// Most units have an owner that lives: journeys are looked at only for those that have none. Nobody goes on with the work of
// a paused journey; whoever resumes it does.
const GOES_ON = `exists (select 1 from journey_states j where j.client_id = a.client_id and j.status = 'active')`;
const ABANDONED = `
with abandoned as materialized (
  select u.client_id, u.work_id, u.owner from unit_of_works u
  where u.status = 'in_progress'
    and (u.owner is null or u.owner <> all (array(select p.epoch from processes p where p.lease_until > $1)))
)
(select a.client_id, a.work_id, a.owner from abandoned a where a.owner is not null and ${GOES_ON} limit $2)
union all
(select a.client_id, a.work_id, a.owner from abandoned a where a.owner is null and ${GOES_ON} limit $3)`;

const RETURNED = `t.client_id, t.work_id, t.task_id, t.intent, t.state, t.generation, t.attempt, t.input, t.remote_task_id, t.remote_agent, t.question, t.via,
  t.claimed_by, t.deadline_at`;

// A row waits for its owner while that lives. SKIP LOCKED: two replicas that look at once take different rows.
const CLAIM = `
with due as (
  select t.client_id, t.work_id, t.task_id from uow_tasks t
  where t.state in ('running', 'retry_wait', 'waiting_for_breaker', 'cancelled') and t.available_at <= $2
    and (t.lease_until is null or t.lease_until <= $2)
    and (t.state = 'cancelled' or (t.state = 'waiting_for_breaker' and t.intent <> all($6::text[]))
      or (t.state in ('running', 'retry_wait') and not exists (select 1 from processes p where p.epoch = t.owner and p.lease_until > $2))
      or (t.state = 'retry_wait' and t.available_at <= $5))
  order by t.available_at
  limit $4
  for update skip locked
)
update uow_tasks t set owner = $1, lease_until = $3
from due where t.client_id = due.client_id and t.work_id = due.work_id and t.task_id = due.task_id
returning ${RETURNED}`;

const CLAIM_HELD_BACK = `
with due as (
  select t.client_id, t.work_id, t.task_id from uow_tasks t
  where t.state = 'waiting_for_breaker' and t.intent = $5 and (t.lease_until is null or t.lease_until <= $2)
  order by t.attempt, t.available_at
  limit $4
  for update skip locked
)
update uow_tasks t set owner = $1, lease_until = $3
from due where t.client_id = due.client_id and t.work_id = due.work_id and t.task_id = due.task_id
returning ${RETURNED}`;

const NOTE = noted(`where ${OF_ATTEMPT} and t.state = 'running' and t.via = 'a2a'`);

const OVERDUE = `
select u.client_id, u.work_id from unit_of_works u
where u.status = 'in_progress' and u.deadline_at <= $1
  and exists (select 1 from journey_states j where j.client_id = u.client_id and j.status = 'active')
order by u.deadline_at
limit $2`;

const READY = `
select ${RETURNED} from uow_tasks t
where t.state = 'ready' and t.via = 'pull' and t.intent = any($1::text[]) and (t.lease_until is null or t.lease_until <= $2)
  and exists (select 1 from unit_of_works u where u.client_id = t.client_id and u.work_id = t.work_id and u.status = 'in_progress')
  and exists (select 1 from journey_states j where j.client_id = t.client_id and j.status = 'active')
order by t.available_at
limit $3`;

export function postgresWaitingRoom(database: Database): WaitingRoom {
  return {
    abandonedUnits: async (machineNow, { lost, unowned }) => {
      const rows = await database.query<{ client_id: string; work_id: string; owner: number | null }>(ABANDONED, [
        timestamptz(machineNow),
        lost,
        unowned,
      ]);
      return rows.map(({ client_id, work_id, owner }) => ({ clientId: client_id, workId: work_id, owner }));
    },
    claim: async (epoch, machineNow, lease_ms, limit, heldBack) => {
      const rows = await database.query<Row>(
        CLAIM,
        [
          epoch,
          timestamptz(machineNow),
          timestamptz(machineNow + lease_ms),
          limit,
          timestamptz(machineNow - FORGOTTEN_AFTER_MS),
          heldBack,
        ],
        'claim_tasks',
      );
      return rows.map(taskOf);
    },
    claimHeldBack: async (epoch, machineNow, lease_ms, limit, intent) => {
      const rows = await database.query<Row>(
        CLAIM_HELD_BACK,
        [epoch, timestamptz(machineNow), timestamptz(machineNow + lease_ms), limit, intent],
        'claim_held_back',
      );
      return rows.map(taskOf);
    },
    release: async ({ clientId, workId, taskId, generation, attempt }) => {
      await database.query(
        `update uow_tasks set lease_until = null
         where client_id = $1 and work_id = $2 and task_id = $3 and generation = $4 and attempt = $5`,
        [clientId, workId, taskId, generation, attempt],
        'release_task',
      );
    },
    overdueUnits: async (now, limit) => {
      const rows = await database.query<{ client_id: string; work_id: string }>(
        OVERDUE,
        [timestamptz(now), limit],
        'overdue_units',
      );
      return rows.map(({ client_id, work_id }) => ({ clientId: client_id, workId: work_id }));
    },
    remember: async ({ clientId, workId, taskId, generation, attempt }, remoteTaskId, agentId) => {
      await database.query(
        `update uow_tasks set remote_task_id = $6, remote_agent = $7
         where client_id = $1 and work_id = $2 and task_id = $3 and generation = $4 and attempt = $5`,
        [clientId, workId, taskId, generation, attempt, remoteTaskId, agentId],
        'remember_remote_task',
      );
    },
    answerTo: async ({ clientId, workId, taskId, generation, attempt }, questionId) => {
      const [row] = await database.query<{ answer: JsonObject | null }>(
        `select t.answer from uow_tasks t where ${OF_ATTEMPT} and t.question ->> 'id' = $6`,
        [clientId, workId, taskId, generation, attempt, questionId],
        'answer_to_agent',
      );
      return row?.answer ?? null;
    },
    atAgent: async ({ clientId, workId, taskId, generation, attempt }) => {
      const [row] = await database.query<Row>(
        `select ${RETURNED} from uow_tasks t where ${OF_ATTEMPT} and t.state = 'running' and t.via = 'a2a'`,
        [clientId, workId, taskId, generation, attempt],
        'task_at_agent',
      );
      return row ? taskOf(row) : null;
    },
    readyIntents: async () => {
      const rows = await database.query<{ intent: string }>(
        `select distinct intent from uow_tasks where state = 'ready' limit 1000`,
        [],
        'ready_intents',
      );
      return rows.map(({ intent }) => intent);
    },
    ready: async (intents, machineNow, limit) => {
      const rows = await database.query<Row>(READY, [intents, timestamptz(machineNow), limit], 'ready_tasks');
      return rows.map(taskOf);
    },
    note: async (task, message, at) => {
      await database.query(
        NOTE,
        [...saidParameters({ ...task, by: `agent:${task.intent}`, message, percent: null, at })],
        'note_progress',
      );
    },
    forget: async ({ clientId, workId, taskId }) => {
      await database.query(
        `delete from uow_tasks where client_id = $1 and work_id = $2 and task_id = $3 and state = 'cancelled'`,
        [clientId, workId, taskId],
        'forget_task',
      );
    },
  };
}

const taskOf = ({
  client_id,
  work_id,
  task_id,
  intent,
  state,
  generation,
  attempt,
  input,
  remote_task_id,
  remote_agent,
  question,
  via,
  claimed_by,
  deadline_at,
}: Row): WaitingTask => ({
  clientId: client_id,
  workId: work_id,
  taskId: task_id,
  intent,
  state,
  generation,
  attempt,
  input,
  remoteTaskId: remote_task_id,
  agentId: remote_agent,
  question,
  via,
  claimedBy: claimed_by,
  deadline: deadline_at,
});
