import type { Connection } from './connection.ts';

/** What is only ever added to: the running server can neither change nor delete any of it. */
export const appendOnly = ['journey_events', 'evidence', 'audit_log', 'config_activations'] as const;
/** What only migrations write. */
const theOwners = ['schema_migrations', 'schema_migration_digests'] as const;

/** Both names are quoted by the server itself, as it quotes names. */
const STATEMENTS = `
select format('grant usage on schema %I to %I', current_schema(), $1::text) as statement
union all
select format('grant %s on %I.%I to %I',
  case when relname = any($2) then 'select, insert' when relname = any($3) or relkind = 'v' then 'select'
    else 'select, insert, update, delete' end, nspname, relname, $1::text)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where nspname = current_schema() and relkind in ('r', 'v') and pg_has_role(current_user, relowner, 'usage')
union all
select format('revoke update, delete, truncate on %I.%I from %I', nspname, relname, $1::text)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where nspname = current_schema() and relname = any($2)
union all
select format('revoke insert, update, delete, truncate on %I.%I from %I', nspname, relname, $1::text)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where nspname = current_schema() and relname = any($3)`;

/**
 * Gives the running server's user what it needs and no more, after every migration: a table that a migration adds is
 * then neither forgotten nor open by a default.
 */
export async function grantTo(connection: Connection, user: string): Promise<void> {
  const { rows } = await connection.query<{ statement: string }>({
    text: STATEMENTS,
    values: [user, appendOnly, theOwners],
  });
  await connection.query({ text: rows.map(({ statement }) => statement).join(';\n') });
}
