import type { JsonObject } from '#core/json.ts';
import type { PeopleStore, PersonRecord } from '#application/dependencies.ts';
import { timestamptz } from './column-types.ts';
import { recordAudit } from './audit-store.ts';
import type { Database } from './database.ts';

const COLUMNS = 'provider, team_id, user_id, principal, roles, clients, mapped_at, mapped_by, unmapped_at, unmapped_by';
const IN_FORCE = `provider = 'slack' and team_id = $1 and user_id = $2 and unmapped_at is null`;
const END = `update identities set unmapped_at = $3, unmapped_by = $4 where ${IN_FORCE} returning ${COLUMNS}`;
type Row = PersonRecord & JsonObject;

export function postgresPeopleStore(database: Database): PeopleStore {
  return {
    find: async (teamId, userId) => {
      const [row] = await database.query<Row>(
        `select ${COLUMNS} from identities where ${IN_FORCE}`,
        [teamId, userId],
        'find_person',
      );
      return row ?? null;
    },
    list: (limit) =>
      database.query<Row>(
        `select ${COLUMNS} from identities order by unmapped_at is not null, principal, mapped_at limit $1`,
        [limit],
      ),
    map: (record, audit) =>
      database.transaction(async (query) => {
        const { team_id, user_id, principal, roles, clients, mapped_at, mapped_by } = record;
        await query(END, [team_id, user_id, timestamptz(mapped_at), mapped_by]);
        await query(
          `insert into identities (provider, team_id, user_id, ordinal, principal, roles, clients, mapped_at, mapped_by)
           select 'slack', $1::text, $2::text, 1 + count(*)::integer, $3, $4::text[], $5::text[], $6::timestamptz, $7 from identities
           where provider = 'slack' and team_id = $1 and user_id = $2`,
          [team_id, user_id, principal, roles, clients, timestamptz(mapped_at), mapped_by],
        );
        await recordAudit(query, audit);
      }),
    unmap: (teamId, userId, at, by, audit) =>
      database.transaction(async (query) => {
        const [row] = await query<Row>(END, [teamId, userId, timestamptz(at), by]);
        if (row) await recordAudit(query, audit(row));
        return row ?? null;
      }),
  };
}
