import type { JsonObject } from '#core/json.ts';
import type { TokenRecord, TokenStore } from '#application/dependencies.ts';
import { timestamptz } from './column-types.ts';
import { recordAudit } from './audit-store.ts';
import type { Database } from './database.ts';

const COLUMNS =
  'token_id, name, kind, roles, clients, evidence_kinds, intents, groups, local, created_at, expires_at, revoked_at, last_used_at';
type Row = TokenRecord & JsonObject;

export function postgresTokenStore(database: Database): TokenStore {
  return {
    add: (record, hash, audit) =>
      database.transaction(async (query) => {
        const { token_id, name, kind, roles, clients, evidence_kinds, intents, groups, local, created_at, expires_at } =
          record;
        const rows = await query(
          `insert into tokens (token_id, name, hash, kind, roles, clients, evidence_kinds, intents, local, created_at, expires_at, groups)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing returning token_id`,
          [
            token_id,
            name,
            hash,
            kind,
            roles,
            clients,
            evidence_kinds,
            intents,
            local,
            timestamptz(created_at),
            expires_at === null ? null : timestamptz(expires_at),
            groups,
          ],
        );
        if (rows.length > 0) await recordAudit(query, audit);
        return rows.length > 0;
      }),
    find: async (hash) => {
      const [row] = await database.query<Row>(`select ${COLUMNS} from tokens where hash = $1`, [hash], 'find_token');
      return row ?? null;
    },
    list: () => database.query<Row>(`select ${COLUMNS} from tokens order by revoked_at is not null, name limit 10000`),
    revoke: (nameOrId, at, audit) =>
      database.transaction(async (query) => {
        const [row] = await query<Row>(
          `update tokens set revoked_at = $2 where (token_id = $1 or name = $1) and revoked_at is null returning ${COLUMNS}`,
          [nameOrId, timestamptz(at)],
        );
        if (row) await recordAudit(query, audit(row));
        return row ?? null;
      }),
    touch: async (tokenId, at) => {
      await database.query(
        'update tokens set last_used_at = $2 where token_id = $1',
        [tokenId, timestamptz(at)],
        'touch_token',
      );
    },
  };
}
