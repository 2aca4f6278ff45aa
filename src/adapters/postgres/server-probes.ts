import { SECOND, type Instant } from '#core/time.ts';
import type { Probe } from '#application/probes.ts';
import type { Database } from './database.ts';
import { appendOnly } from './grants.ts';

/** Log lines of two machines are hard to bring into one order from here on. */
const MOST_SKEW_MS = SECOND;
/** From here on certificates and tokens of others may not be valid yet, or not any more. */
const FAR_OFF_MS = 30 * SECOND;

/** How far this machine's clock is from the database's, by which everything is decided. */
export const clockProbe = (database: Pick<Database, 'kind' | 'time'>, local: () => Instant): Probe => ({
  name: 'clock',
  look: async () => {
    if (database.kind === 'embedded') return [{ state: 'off', said: "An embedded database has this machine's clock." }];
    const asked = local();
    const there = await database.time();
    const answered = local();
    const skew_ms = Math.round(there - (asked + answered) / 2);
    const unsure_ms = Math.ceil((answered - asked) / 2);
    const said = `The database is ${Math.abs(skew_ms)} ms ${skew_ms < 0 ? 'behind' : 'ahead of'} this machine (give or take ${unsure_ms} ms).`;
    const off_ms = Math.abs(skew_ms) - unsure_ms;
    if (off_ms <= MOST_SKEW_MS) return [{ state: 'ok', said }];
    const hint =
      "Keep both in step by NTP: everything is decided by the database's clock, but logs and certificates go by this one.";
    return [{ state: off_ms > FAR_OFF_MS ? 'failed' : 'warning', said, hint }];
  },
});

/** Whether this process could edit what it recorded. */
export const rightsProbe = (database: Pick<Database, 'kind' | 'query'>): Probe => ({
  name: 'database rights',
  look: async () => {
    if (database.kind === 'embedded') return [{ state: 'off', said: 'An embedded database has one user.' }];
    const open = await database.query<{ name: string }>(
      `select name from unnest($1::text[]) as name
       where has_table_privilege(current_user, name, 'update') or has_table_privilege(current_user, name, 'delete')`,
      [appendOnly],
    );
    return open.length === 0
      ? [{ state: 'ok', said: `Nothing of ${appendOnly.join(', ')} can be changed or deleted by the server's user.` }]
      : [
          {
            state: 'warning',
            said: `The server's user may change or delete ${open.map(({ name }) => name).join(', ')}.`,
            hint: 'Set JOURNEY_STATE_DB_MIGRATION_USER to a user of its own, which owns the schema (docs/operations.md).',
          },
        ];
  },
});
