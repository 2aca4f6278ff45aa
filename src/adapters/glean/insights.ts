import type { Collected, Wanted } from '#application/collecting/collector.ts';
import type { Json } from '#core/json.ts';
import { DAY } from '#core/time.ts';
import type { AskGlean, GleanAnswer } from './glean-client.ts';

export type InsightsOptions = {
  /** The departments in Glean that are the client, with `{client_id}`; none: everybody who uses Glean is. */
  readonly departments: readonly string[];
};

type Overview = {
  readonly monthlyActiveUsers?: number | undefined;
  readonly employeeCount?: number | undefined;
  readonly departments?: readonly string[] | undefined;
  readonly lastUpdatedTs?: number | undefined;
  readonly searchSummary?: { readonly numSearches?: number | undefined } | undefined;
};

const WINDOW_DAYS = 30;

/** Who of the cohort was active within a month. Glean's cohort is who works in the departments. */
export async function userAdoption(
  ask: AskGlean,
  options: InsightsOptions,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Collected> {
  const { clientId, kind } = wanted;
  const answer = await overview(ask, departmentsOf(options, wanted), [WINDOW_DAYS, 0], signal);
  const unknown = (problem: string): Collected => ({ clientId, kind, observations: [], problem });
  if (answer.type === 'refused') return unknown(answer.problem);
  const { monthlyActiveUsers: active, employeeCount } = answer.value;
  const cohort = cohortIn(wanted) ?? employeeCount;
  if (active === undefined) return unknown('Glean does not say how many users were active');
  if (cohort === undefined || cohort === 0) return unknown('nobody is in the cohort, by what Glean says');
  if (active > cohort) return unknown(`${active} users were active, more than the ${cohort} of the cohort`);
  return { clientId, kind, observations: [observed({ active, cohort }, answer.value, wanted)] };
}

/** How many searches there were in a window, and in the one before it. */
export async function queryVolume(
  ask: AskGlean,
  options: InsightsOptions,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Collected> {
  const { clientId, kind, criteria, now } = wanted;
  const days = Number(criteria[0]?.parameters['window_days'] ?? WINDOW_DAYS);
  const departments = departmentsOf(options, wanted);
  const [current, before] = await Promise.all([
    overview(ask, departments, [days, 0], signal),
    overview(ask, departments, [2 * days, days], signal),
  ]);
  const unknown = (problem: string): Collected => ({ clientId, kind, observations: [], problem });
  if (current.type === 'refused') return unknown(current.problem);
  if (before.type === 'refused') return unknown(before.problem);
  const [count, previous_count] = [current, before].map(({ value }) => value.searchSummary?.numSearches);
  if (count === undefined || previous_count === undefined)
    return unknown(`Glean does not say how many searches there were in ${2 * days} days`);
  const value = {
    count,
    previous_count,
    window_start: new Date(now - days * DAY).toISOString(),
    window_end: new Date(now).toISOString(),
  };
  return { clientId, kind, observations: [observed(value, current.value, wanted)] };
}

/** As of when Glean last counted, which may be yesterday; never from the future, whatever its clock says. */
const observed = (value: Json, { lastUpdatedTs }: Overview, { now }: Wanted) => ({
  value,
  ...(lastUpdatedTs === undefined ? {} : { observedAt: Math.min(now, lastUpdatedTs * 1_000) }),
});

async function overview(
  ask: AskGlean,
  departments: readonly string[],
  [from, to]: readonly [from_days: number, to_days: number],
  signal: AbortSignal,
): Promise<GleanAnswer<Overview>> {
  const dayRange = { start: { daysFromNow: from }, end: { daysFromNow: to } };
  const overviewRequest = { dayRange, ...(departments.length > 0 ? { departments: [...departments] } : {}) };
  const answer = await ask(
    'client',
    (glean, options) =>
      glean.client.insights.retrieve({ overviewRequest, disablePerUserInsights: true }, undefined, options),
    signal,
  );
  if (answer.type === 'refused') return answer;
  const { overviewResponse: value } = answer.value;
  if (!value) return { type: 'refused', problem: 'Glean has no insights for it' };
  // Of others than those who were asked about the figures would be somebody else's.
  const others = value.departments && departments.filter((name) => !value.departments?.includes(name));
  return others && others.length > 0
    ? { type: 'refused', problem: `Glean has no insights for the department ${others.join(' and ')}` }
    : { type: 'answered', value };
}

/** A journey's metadata may name departments that are called otherwise. */
function departmentsOf({ departments }: InsightsOptions, { clientId, metadata }: Wanted): readonly string[] {
  const own = metadata['glean_departments'];
  const named = Array.isArray(own) ? (own as readonly Json[]).filter((name) => typeof name === 'string') : [];
  return named.length > 0 ? named : departments.map((name) => name.replaceAll('{client_id}', () => clientId));
}

function cohortIn({ metadata }: Wanted): number | undefined {
  const size = metadata['adoption_cohort'];
  return typeof size === 'number' && Number.isInteger(size) && size > 0 ? size : undefined;
}
