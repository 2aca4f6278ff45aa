import { z } from 'zod';
import { bounds, refreshMinutes } from './collector-bounds.ts';
import { trackerSchemas } from './tracker-schemas.ts';

const ONLY_CLIENT = '{client_id}';
/** `=~` would read the id as an expression, and without quotes it could close the selector. */
const AS_LABEL = /(?<![!~])="\{client_id\}"/g;

const promql = z
  .string()
  .max(4_000)
  .refine((query) => query.includes(ONLY_CLIENT), {
    error: 'must name the client, as {client_id="{client_id}"}: else it measures all clients together',
  })
  .refine((query) => !query.replaceAll(AS_LABEL, '').includes(ONLY_CLIENT), {
    error: 'must hold {client_id} only as the value of a label, as client_id="{client_id}"',
  })
  .refine((query) => query.includes('[{window}]'), { error: 'must measure over [{window}]' });

const OF = 'http_requests_total{client_id="{client_id}"';
const prometheus = z.strictObject({
  refresh_minutes: refreshMinutes(15),
  ...bounds({ timeout_seconds: 15, concurrency: 4, calls_per_minute: 120 }),
  queries: z
    .strictObject({
      requests: promql.default(`sum(increase(${OF}}[{window}]))`),
      error_rate: promql.default(
        `(sum(rate(${OF},status=~"5.."}[{window}])) or vector(0)) / sum(rate(${OF}}[{window}]))`,
      ),
      p95_ms: promql.default(
        '1000 * histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{client_id="{client_id}"}[{window}])))',
      ),
    })
    .prefault({}),
});

const name = z.string().min(1).max(200);
const glean = z.strictObject({
  refresh_minutes: z
    .strictObject({
      connector_status: refreshMinutes(15),
      search_quality: refreshMinutes(360),
      user_adoption: refreshMinutes(720),
      query_volume: refreshMinutes(720),
    })
    .prefault({}),
  ...bounds({ timeout_seconds: 120, concurrency: 2, calls_per_minute: 30 }),
  datasource: name.includes('{connector}', { error: 'must hold {connector}' }).default('{connector}'),
  pushed: z.array(name).max(1_000).default([]),
  recent_hours: z.number().positive().max(8_760).default(24),
  golden_sets: z.string().min(1).max(1_000).default('golden-sets'),
  queries_at_once: z.int().min(1).max(50).default(4),
  departments: z.array(name).max(100).default(['{client_id}']),
});

const dashboard = z.strictObject({
  datasource: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9]{0,63}$/, { error: 'must be 1 to 64 letters and digits, beginning with a letter' })
    .default('journeys'),
  allowed_users: z.array(z.email()).max(1_000).default([]),
  allowed_groups: z.array(name).max(1_000).default([]),
});

/** Whom evidence is asked for. Where each system is, and what it is entered by, say variables: the file holds no secrets. */
export const collectorsFile = z.strictObject({
  collectors: z
    .strictObject({ prometheus: prometheus.prefault({}), glean: glean.prefault({}), ...trackerSchemas })
    .prefault({}),
  glean_dashboard: dashboard.prefault({}),
});
export type CollectorsFile = z.output<typeof collectorsFile>;
