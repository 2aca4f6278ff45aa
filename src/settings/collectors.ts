import { boundsOf, refreshOf, type CollectorBounds } from './collector-bounds.ts';
import type { CollectorsFile } from './collectors-file.ts';
import { gleanProblems, type GleanSettings } from './glean.ts';
import { shown, type Problem } from './problem.ts';
import type { TrackerSettings } from './trackers.ts';
import type { Values } from './values.ts';

export type PrometheusSettings = CollectorBounds & {
  readonly url: string;
  readonly token: string | null;
  readonly refresh_ms: number;
  readonly queries: { readonly requests: string; readonly error_rate: string; readonly p95_ms: string };
};

export type CollectorsSettings = {
  /** Null: performance is not measured here. */
  readonly prometheus: PrometheusSettings | null;
  /** Null: Glean is not asked. */
  readonly glean: GleanSettings | null;
  /** Null: nobody is asked for bugs. */
  readonly tracker: TrackerSettings | null;
};

export function prometheusOf(
  { collectors: { prometheus: file } }: CollectorsFile,
  { text }: Values,
): PrometheusSettings | null {
  const url = text('PROMETHEUS_URL');
  if (url === null) return null;
  const { refresh_minutes, queries } = file;
  return {
    url,
    token: text('PROMETHEUS_TOKEN'),
    refresh_ms: refreshOf(refresh_minutes),
    queries,
    ...boundsOf(file),
  };
}

export const collectorProblems = (value: Values): readonly Problem[] => [
  ...credentialsIn(value, 'PROMETHEUS_URL', 'PROMETHEUS_TOKEN'),
  ...credentialsIn(value, 'GLEAN_API_ENDPOINT', 'GLEAN_SERVICE_ACCOUNT'),
  ...credentialsIn(value, 'GITHUB_API_URL', 'GITHUB_TOKEN'),
  ...credentialsIn(value, 'JIRA_URL', 'JIRA_API_TOKEN'),
  ...credentialsIn(value, 'LINEAR_API_URL', 'LINEAR_API_KEY'),
  ...gleanProblems(value),
];

/** A URL is shown and logged; what opens the door has a variable of its own. */
function credentialsIn({ text }: Values, name: string, instead: string): readonly Problem[] {
  const url = text(name);
  if (url === null || !URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  return username === '' && password === ''
    ? []
    : [{ where: 'environment', path: name, value: shown(url), allowed: `must not carry credentials: ${instead} does` }];
}
