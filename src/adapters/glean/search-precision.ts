import type { Collected, Wanted } from '#application/collecting/collector.ts';
import { fraction } from '#core/retry.ts';
import type { AskGlean } from './glean-client.ts';

/** Queries of a client with the documents that people found relevant, by their ids or URLs in Glean. */
export type GoldenSet = {
  readonly queries: readonly { readonly query: string; readonly relevant: readonly string[] }[];
};

/** The client's golden set, or in a clause why there is none. */
export type ReadGoldenSet = (clientId: string) => GoldenSet | { readonly problem: string };

export type PrecisionOptions = { readonly goldenSet: ReadGoldenSet; readonly queriesAtOnce: number };

/**
 * precision@k: of the first k results the share that is labelled relevant, averaged over a sample of the golden set. The
 * sample is as large as the criteria ask for, and the same from time to time, so that two figures compare.
 */
export async function searchPrecision(
  ask: AskGlean,
  { goldenSet, queriesAtOnce }: PrecisionOptions,
  { clientId, kind, criteria }: Wanted,
  signal: AbortSignal,
): Promise<Collected> {
  const unknown = (problem: string): Collected => ({ clientId, kind, observations: [], problem });
  const golden = goldenSet(clientId);
  if ('problem' in golden) return unknown(golden.problem);
  const rules = criteria.map(({ parameters }) => parameters as Rule);
  const depths = [...new Set(rules.map(({ k }) => k))];
  const [k] = depths;
  if (k === undefined || depths.length > 1) return unknown(`the criteria ask for precision at ${depths.join(' and ')}`);
  const sample_queries = Math.max(...rules.map((rule) => rule.sample_queries));

  const labelled = golden.queries.filter(({ relevant }) => relevant.length > 0);
  if (labelled.length < sample_queries)
    return unknown(`the golden set has ${labelled.length} labelled queries, and ${sample_queries} are asked for`);
  const sample = labelled
    .toSorted((one, other) => fraction(one.query) - fraction(other.query))
    .slice(0, sample_queries);
  const most = mean(sample.map(({ relevant }) => Math.min(relevant.length, k) / k));
  const target = Math.min(...rules.map(({ min_precision }) => min_precision));
  // A query with one relevant document finds it and still has precision@5 of 0.2: that would fail whatever Glean finds.
  if (most < target)
    return unknown(
      `with so few labels precision@${k} can be ${rounded(most)} at most, and ${target} is asked for: label at least ${k} documents a query`,
    );

  const shares: number[] = [];
  for (let from = 0; from < sample.length; from += queriesAtOnce) {
    const some = sample.slice(from, from + queriesAtOnce);
    const found = await Promise.all(some.map(({ query }) => firstResults(ask, query, k, signal)));
    for (const [index, { relevant }] of some.entries()) {
      const results = found[index];
      if (!results || 'problem' in results) return unknown(results?.problem ?? 'a query was not answered');
      const labels = new Set(relevant);
      shares.push(results.filter((names) => names.some((name) => labels.has(name))).length / k);
    }
  }
  return { clientId, kind, observations: [{ value: { precision: rounded(mean(shares)), k, sampled: shares.length } }] };
}

type Rule = { readonly k: number; readonly sample_queries: number; readonly min_precision: number };

/** Of each result the names that a label may give it. */
async function firstResults(
  ask: AskGlean,
  query: string,
  k: number,
  signal: AbortSignal,
): Promise<readonly (readonly string[])[] | { readonly problem: string }> {
  const request = { query, pageSize: k, disableSpellcheck: true };
  const answer = await ask(
    'client',
    (glean, options) => glean.client.search.query(request, undefined, options),
    signal,
  );
  if (answer.type === 'refused') return answer;
  return (answer.value.results ?? [])
    .slice(0, k)
    .map(({ document, url }) => [document?.id, document?.url, url].filter((name) => name !== undefined));
}

const mean = (figures: readonly number[]): number => figures.reduce((sum, one) => sum + one, 0) / figures.length;
const rounded = (figure: number): number => Math.round(figure * 10_000) / 10_000;
