import type { Finding, Probe } from '#application/probes.ts';
import type { Instant } from '#core/time.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';
import { migrationNames } from './migrate.ts';

export type DatabaseProbeOptions = {
  readonly database: Database;
  readonly poolMax: number;
  readonly migrations: string;
  readonly now: () => Instant;
};

type Row = {
  readonly version: string;
  readonly version_num: number;
  readonly encoding: string;
  readonly timezone: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly wal_compression: string;
  readonly superuser: boolean;
  readonly in_recovery: boolean;
  readonly room: number;
  readonly replicas: number;
  readonly size_bytes: number;
};

const SETTINGS = `
select current_setting('server_version') as version,
       current_setting('server_version_num')::int as version_num,
       pg_encoding_to_char(d.encoding) as encoding,
       current_setting('timezone') as timezone,
       current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('wal_compression') as wal_compression,
       r.rolsuper as superuser,
       pg_is_in_recovery() as in_recovery,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as room,
       (select count(distinct name)::int from processes where lease_until > $1) as replicas,
       pg_database_size(d.oid)::float8 as size_bytes
from pg_database d, pg_roles r
where d.datname = current_database() and r.rolname = current_user`;

const OLDEST_SERVER = 150_000;
/** Beside the pool: one for each lane of the journal, and one that migrates. */
const OWN_CONNECTIONS = 3;
const MIB = 1024 * 1024;

/** The database as it is set up: what would lose data or stop replicas, before it does. */
export const databaseProbe = ({ database, poolMax, migrations, now }: DatabaseProbeOptions): Probe => ({
  name: 'database',
  look: async () => {
    const begun = now();
    try {
      const [row] = await database.query<Row>(SETTINGS, [timestamptz(begun)]);
      const applied = await database.query<{ name: string }>('select name from schema_migrations order by name');
      if (!row) return [{ state: 'failed', said: 'It does not say how it is set up.' }];
      const names = applied.map(({ name }) => name);
      return [
        ...(database.kind === 'embedded'
          ? embedded(row)
          : [...server(row), ...durability(row), connections(row, poolMax)]),
        schema(names, await migrationNames(migrations)),
      ];
    } catch (error) {
      return [unreachable(error)];
    }
  },
});

const unreachable = (error: unknown): Finding => ({
  state: 'failed',
  said: error instanceof Error ? error.message : String(error),
  hint: 'Is it up, and do JOURNEY_STATE_DB_HOST, _PORT, _NAME, _USER and _PASSWORD say where and as whom?',
});

const ok = (said: string): Finding => ({ state: 'ok', said });
const warning = (said: string, hint: string): Finding => ({ state: 'warning', said, hint });
const failed = (said: string, hint: string): Finding => ({ state: 'failed', said, hint });

const embedded = ({ version, size_bytes }: Row): readonly Finding[] => [
  warning(
    `Embedded PostgreSQL ${version}, ${sizeText(size_bytes)}: one process, and a loss of power is not covered.`,
    'For trials that is fine; in production use a server (JOURNEY_STATE_STORE=postgresql).',
  ),
];

function server({
  version,
  version_num,
  encoding,
  timezone,
  size_bytes,
  superuser,
  in_recovery,
}: Row): readonly Finding[] {
  const said = `PostgreSQL ${version}, ${encoding}, ${timezone}, ${sizeText(size_bytes)}`;
  return [
    version_num < OLDEST_SERVER ? failed(`${said}: older than 15.`, 'Upgrade the server.') : ok(said),
    ...(in_recovery
      ? [failed('It is a standby, which takes no writes.', 'Name the primary in JOURNEY_STATE_DB_HOST.')]
      : []),
    ...(encoding === 'UTF8' ? [] : [failed(`The encoding is ${encoding}.`, 'Make a database with encoding UTF8.')]),
    ...(superuser
      ? [
          warning(
            'The server runs as a superuser of the database.',
            'Give it a user of its own, and the schema another (docs/operations.md, A PostgreSQL server).',
          ),
        ]
      : []),
  ];
}

/** What is acknowledged must be on disk: each of these breaks that promise, silently. */
function durability(row: Row): readonly Finding[] {
  const off = (['fsync', 'full_page_writes', 'synchronous_commit'] as const).filter((name) => row[name] === 'off');
  if (off.length > 0)
    return [
      failed(
        `${off.map((name) => `${name} is off`).join(', ')}: what was acknowledged can be lost.`,
        'Switch it on, on the server and for this user (alter role … reset …).',
      ),
    ];
  const said = `fsync on, synchronous_commit ${row.synchronous_commit}, wal_compression ${row.wal_compression}`;
  return [
    row.wal_compression === 'off'
      ? { state: 'ok', said, hint: 'wal_compression = lz4 about halves what is written to the WAL.' }
      : ok(said),
  ];
}

function connections({ room, replicas }: Row, poolMax: number): Finding {
  const need = replicas * (poolMax + OWN_CONNECTIONS);
  const said = `${replicas} ${replicas === 1 ? 'replica' : 'replicas'} with up to ${poolMax + OWN_CONNECTIONS} connections each: ${need} of ${room}`;
  const hint = 'Lower JOURNEY_STATE_DB_POOL_MAX, or raise max_connections.';
  if (need > room) return failed(`${said}, too many.`, hint);
  // A rolling update starts one replica more.
  return need + poolMax + OWN_CONNECTIONS > room
    ? warning(`${said}; one replica more would have none.`, hint)
    : ok(said);
}

function schema(applied: readonly string[], own: readonly string[]): Finding {
  const missing = own.filter((name) => !applied.includes(name));
  const foreign = applied.filter((name) => !own.includes(name));
  if (missing.length > 0)
    return failed(`Migrations are missing: ${missing.join(', ')}.`, 'Start the server again: it migrates first.');
  if (foreign.length > 0)
    return warning(
      `A newer version has migrated: ${foreign.join(', ')}.`,
      'Upgrade this replica, too; an older version is not tried against a newer schema.',
    );
  return ok(`${applied.length} migrations, up to ${applied.at(-1) ?? 'none'}`);
}

const sizeText = (size_bytes: number): string => `${Math.max(1, Math.round(size_bytes / MIB))} MiB`;
