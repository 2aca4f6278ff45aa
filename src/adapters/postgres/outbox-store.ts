import type { JsonObject } from '#core/json.ts';
import type { Claimed, OutboxStore, Settlement } from '#application/relay/destination.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

type Row = {
  readonly client_id: string;
  readonly seq: number;
  readonly message: { readonly type: string; readonly timestamp: string; readonly data: JsonObject };
  readonly attempts: number;
  readonly failures: number;
  readonly held: boolean;
  readonly reached: readonly string[];
  readonly before: 'waiting' | 'unknown';
};

// One statement claims: pushing next_attempt_at forward is the lease, and `unknown` says that a call may follow. A message
// is due only as the first of its client that is left, and while none of its client is with anybody (a replayed one may
// stand before it). SKIP LOCKED: two relays that look at once take different rows.
const CLAIM = `
with due as (
  select o.client_id, o.seq, o.state as before from outbox o
  where o.destination = $1 and o.state in ('waiting', 'unknown') and o.next_attempt_at <= $3
    and o.gathered_seq is null
    and not exists (
      select 1 from outbox e
      where e.client_id = o.client_id and e.destination = o.destination and e.seq <> o.seq and e.state in ('waiting', 'unknown')
        and (e.seq < o.seq or (e.owner is not null and e.next_attempt_at > $3))
    )
  order by o.next_attempt_at
  limit $5
  for update of o skip locked
)
update outbox o set state = 'unknown', owner = $2, attempts = o.attempts + 1, last_attempt_at = $3, next_attempt_at = $4
from due where o.client_id = due.client_id and o.destination = $1 and o.seq = due.seq
returning o.client_id, o.seq, o.message, o.attempts, o.failures, o.held, o.reached, due.before`;

// Epoch and attempt are the fence: whoever was stopped and has lost the row changes nothing. What waits behind a message
// is put off with it, so that looking for what is due does not find it in vain; what was gathered under it ends with it.
const SETTLE = `
with settled as (
  update outbox set state = $6, owner = null, failures = coalesce($7, failures), problem = $8, delivered_at = $9,
    next_attempt_at = coalesce($10, next_attempt_at), held = $11, reached = coalesce($12::text[], reached)
  where client_id = $1 and destination = $2 and seq = $3 and owner = $4 and attempts = $5 and state = 'unknown'
  returning seq, state, problem, failures, reached, delivered_at, last_attempt_at, next_attempt_at
), behind as (
  update outbox o set next_attempt_at = s.next_attempt_at from settled s
  where s.state in ('waiting', 'unknown') and o.client_id = $1 and o.destination = $2 and o.seq > s.seq
    and o.state = 'waiting' and o.owner is null and o.next_attempt_at < s.next_attempt_at
), gathered as (
  update outbox o set state = s.state, problem = s.problem, failures = s.failures, reached = s.reached,
    delivered_at = s.delivered_at, attempts = o.attempts + 1, last_attempt_at = s.last_attempt_at,
    gathered_client_id = case when s.state = 'delivered' then o.gathered_client_id end,
    gathered_seq = case when s.state = 'delivered' then o.gathered_seq end
  from settled s
  where s.state in ('delivered', 'dead') and o.destination = $2 and o.gathered_client_id = $1 and o.gathered_seq = $3
    and o.state = 'waiting'
)
select seq from settled`;

export function postgresOutboxStore(database: Database): OutboxStore {
  return {
    claim: async ({ destination, epoch, machineNow, leaseUntil, limit }) => {
      const values = [destination, epoch, timestamptz(machineNow), timestamptz(leaseUntil), limit];
      const rows = await database.query<Row>(CLAIM, values, 'claim_messages');
      return rows.map(({ client_id, seq, message, attempts, failures, held, reached, before }): Claimed => ({
        clientId: client_id,
        destination,
        seq,
        ...message,
        owner: epoch,
        attempt: attempts,
        failures,
        mayHaveArrived: before === 'unknown',
        held,
        reached,
        leaseUntil,
      }));
    },
    settle: async ({ clientId, destination, seq, owner, attempt }, settlement) => {
      const values = [clientId, destination, seq, owner, attempt, ...columnsOf(settlement)];
      return (await database.query(SETTLE, values, 'settle_message')).length > 0;
    },
  };
}

/**
 * State, failures, problem, delivered_at, next_attempt_at, held, reached; null leaves failures, next_attempt_at and
 * reached as they are.
 */
function columnsOf(settlement: Settlement): readonly unknown[] {
  switch (settlement.state) {
    case 'delivered':
      return ['delivered', null, null, timestamptz(settlement.at), null, false, null];
    case 'dead':
      return ['dead', settlement.failures, settlement.problem, null, null, false, settlement.reached ?? null];
    default: {
      const { state, failures, problem, nextAttemptAt, held = false, reached = null } = settlement;
      return [state, failures, problem, null, timestamptz(nextAttemptAt), held, reached];
    }
  }
}
