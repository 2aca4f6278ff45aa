import type { Collected, CollectedObservation, Wanted } from '#application/collecting/collector.ts';
import { requiredConnectors } from '#core/criteria/connectors.ts';
import { isObject } from '#core/json.ts';
import { HOUR, type Instant } from '#core/time.ts';
import type { AskGlean } from './glean-client.ts';

export type ConnectorOptions = {
  /** A connector's datasource in Glean, with `{connector}` and `{client_id}`. */
  readonly datasource: string;
  /** Connectors whose documents are pushed over the indexing API; Glean crawls the others itself. */
  readonly pushed: readonly string[];
  /** How recently something must have been indexed for it to be syncing. */
  readonly recent_ms: number;
};

type Found = { readonly status: 'error' | 'pending' | 'syncing' | 'synced' } | { readonly problem: string };

/** The status of each connector that the criteria ask about. What Glean does not say is not guessed. */
export async function connectorStatuses(
  ask: AskGlean,
  options: ConnectorOptions,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Collected> {
  const { clientId, kind, now } = wanted;
  const connectors = connectorsOf(wanted);
  const found = await Promise.all(
    connectors.map(async (connector) => {
      const datasource = datasourceOf(options, wanted, connector);
      const isPushed = options.pushed.includes(connector);
      const status = isPushed
        ? await pushedStatus(ask, datasource, { now, signal, ...options })
        : await crawledStatus(ask, datasource, { now, signal, ...options });
      return { connector, status };
    }),
  );
  const observations = found.flatMap(({ connector, status }): readonly CollectedObservation[] =>
    'status' in status ? [{ subject: connector, value: { status: status.status } }] : [],
  );
  const problems = found.flatMap(({ connector, status }) =>
    'problem' in status ? [`${connector}: ${status.problem}`] : [],
  );
  if (connectors.length === 0) problems.push('no connectors are installed and no data sources are named');
  return { clientId, kind, observations, ...(problems.length > 0 ? { problem: problems.join('; ') } : {}) };
}

function connectorsOf({ criteria, inputs, outputs }: Wanted): readonly string[] {
  const asked = criteria.flatMap(({ parameters: { required_connectors: required } }) =>
    requiredConnectors(Array.isArray(required) ? (required as readonly string[]) : 'all', { inputs, outputs }),
  );
  return [...new Set(asked)];
}

/** A journey's metadata may name a datasource that is called otherwise. */
function datasourceOf({ datasource }: ConnectorOptions, { clientId, metadata }: Wanted, connector: string): string {
  const named = metadata['glean_datasources'];
  const own = isObject(named) ? named[connector] : undefined;
  return typeof own === 'string' && own !== ''
    ? own
    : datasource.replaceAll('{connector}', () => connector).replaceAll('{client_id}', () => clientId);
}

type Look = { readonly now: Instant; readonly recent_ms: number; readonly signal: AbortSignal };

const sum = (entries: readonly { readonly count?: number | undefined }[] = []): number =>
  entries.reduce((total, { count = 0 }) => total + count, 0);

async function pushedStatus(ask: AskGlean, datasource: string, { now, recent_ms, signal }: Look): Promise<Found> {
  const answer = await ask(
    'indexing',
    (glean, options) => glean.indexing.datasource.status(datasource, options),
    signal,
  );
  if (answer.type === 'refused') return answer;
  const { counts, processingHistory = [], bulkUploadHistory = [] } = answer.value.documents ?? {};
  const [uploaded, indexed] = [sum(counts?.uploaded), sum(counts?.indexed)];
  // `NA` stands where something is still under way.
  const isUnderWay = [...processingHistory, ...bulkUploadHistory].some(
    ({ startTime, endTime }) => startTime !== undefined && endTime === 'NA',
  );
  const ended = processingHistory.flatMap(({ endTime }) => timeIn(endTime));
  const last = ended.length > 0 ? Math.max(...ended) : undefined;
  if (indexed === 0)
    return uploaded > 0 || isUnderWay ? { status: 'pending' } : { problem: `nothing has been pushed to ${datasource}` };
  if (isUnderWay) return { status: 'syncing' };
  if (last === undefined) return { problem: `Glean does not say when ${datasource} was last indexed` };
  if (now - last > recent_ms) return { problem: longAgo(datasource, now - last) };
  return { status: indexed >= uploaded ? 'synced' : 'syncing' };
}

async function crawledStatus(ask: AskGlean, datasource: string, { now, recent_ms, signal }: Look): Promise<Found> {
  const answer = await ask(
    'client',
    (glean, options) => glean.client.datasources.retrieveCredentialStatus(datasource, options),
    signal,
  );
  if (answer.type === 'refused') return answer;
  switch (answer.value.status) {
    case 'INVALID':
      return { status: 'error' };
    case 'MISSING':
    case 'VALIDATING':
      return { status: 'pending' };
    case 'VALID':
    case 'VALID_WITH_WARNINGS':
      break;
    default:
      return { problem: `Glean says that its credentials are ${answer.value.status}` };
  }
  // Credentials that work do not say that anything is crawled.
  const indexed = await lastIndexed(ask, datasource, signal);
  if ('problem' in indexed) return indexed;
  return now - indexed.at > recent_ms ? { problem: longAgo(datasource, now - indexed.at) } : { status: 'syncing' };
}

const SAMPLE = 10;

async function lastIndexed(
  ask: AskGlean,
  datasource: string,
  signal: AbortSignal,
): Promise<{ readonly at: Instant } | { readonly problem: string }> {
  const requestOptions = { datasourcesFilter: [datasource], facetBucketSize: 1 };
  const answer = await ask(
    'client',
    (glean, options) => glean.client.search.query({ query: '*', pageSize: SAMPLE, requestOptions }, undefined, options),
    signal,
  );
  if (answer.type === 'refused') return answer;
  const times = (answer.value.results ?? []).flatMap(({ document }) => {
    const at = document?.metadata?.indexStatus?.lastIndexedTime;
    return at ? [at.getTime()] : [];
  });
  return times.length > 0
    ? { at: Math.max(...times) }
    : { problem: `its credentials are valid, but Glean does not say when anything of ${datasource} was last indexed` };
}

const longAgo = (datasource: string, ago_ms: number): string =>
  `${datasource} was last indexed ${Math.round(ago_ms / HOUR)} hours ago`;

function timeIn(text: string | undefined): readonly Instant[] {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isFinite(at) ? [at] : [];
}
