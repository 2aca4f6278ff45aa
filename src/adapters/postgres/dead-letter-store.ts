import type { DeadLetterStore, UntoldDeadLetter } from '#application/ticks/tell-dead-letters.ts';
import type { JsonObject } from '#core/json.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

const UNTOLD = `
select o.client_id as "clientId", o.destination, o.seq, o.message ->> 'type' as "messageType",
  coalesce(o.problem, '') as problem, o.attempts
from outbox o
where o.state = 'dead' and o.dead_told_at is null and o.destination = any($1)
  and not exists (
    select 1 from journey_events e where e.client_id = o.client_id and e.type = 'client_erased' and e.seq > o.seq
  )
order by o.client_id, o.destination, o.seq limit $2`;

export function postgresDeadLetterStore(database: Database): DeadLetterStore {
  return {
    untold: (destinations, limit) =>
      database.query<UntoldDeadLetter & JsonObject>(UNTOLD, [destinations, limit], 'untold_dead_letters'),
    told: async ({ clientId, destination, seq, attempts }, at) => {
      await database.query(
        `update outbox set dead_told_at = $5
         where client_id = $1 and destination = $2 and seq = $3 and attempts = $4 and state = 'dead'`,
        [clientId, destination, seq, attempts, timestamptz(at)],
      );
    },
  };
}
