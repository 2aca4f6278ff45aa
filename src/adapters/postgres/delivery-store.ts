import type { JsonObject } from '#core/json.ts';
import type { DeliveryRow, DeliveryStore } from '#application/dependencies.ts';
import { timestamptz } from './column-types.ts';
import { recordAudit } from './audit-store.ts';
import type { Database } from './database.ts';

const COLUMNS = `client_id, destination, seq, message ->> 'type' as type, state, attempts, problem, created_at, last_attempt_at,
  case when state in ('waiting', 'unknown') then next_attempt_at end as next_attempt_at, delivered_at`;

const LIST = `
select ${COLUMNS} from outbox
where ($1::text is null or state = $1) and ($2::text is null or client_id = $2) and ($3::text is null or destination = $3)
  and ($4::text is null or (client_id, destination, seq) > ($4, $5, $6)) and ($7::text[] is null or client_id = any($7))
order by client_id, destination, seq limit $8`;

// The order is kept by the key: a message that is sent again stands where it stood, before what still waits behind it.
const REPLAY = `
update outbox o set state = 'unknown', failures = 0, problem = null, next_attempt_at = $1, dead_told_at = null
from (
  select client_id, destination, seq from outbox
  where state = 'dead' and destination = $2 and ($3::text is null or client_id = $3) and ($4::int is null or seq = $4)
    and ($5::text[] is null or client_id = any($5))
  order by client_id, destination, seq limit $6 for update
) as dead
where o.client_id = dead.client_id and o.destination = dead.destination and o.seq = dead.seq
returning o.seq`;

export function postgresDeliveryStore(database: Database): DeliveryStore {
  return {
    list: ({ state, clientId, destination, after, clients, limit }) =>
      database.query<DeliveryRow & JsonObject>(LIST, [
        state ?? null,
        clientId ?? null,
        destination ?? null,
        after?.clientId ?? null,
        after?.destination ?? null,
        after?.seq ?? null,
        clients,
        limit,
      ]),
    find: async ({ clientId, destination, seq }) => {
      const [row] = await database.query<DeliveryRow & JsonObject & { readonly message: JsonObject }>(
        `select ${COLUMNS}, message from outbox where client_id = $1 and destination = $2 and seq = $3`,
        [clientId, destination, seq],
      );
      return row ?? null;
    },
    replay: ({ destination, clientId, seq, clients, limit }, machineNow, audit) =>
      database.transaction(async (query) => {
        const values = [timestamptz(machineNow), destination, clientId ?? null, seq ?? null, clients, limit];
        const { length } = await query(REPLAY, values);
        if (length > 0) await recordAudit(query, audit(length));
        return length;
      }),
  };
}
