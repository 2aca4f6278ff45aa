import { z } from 'zod';
import { failed, passed, unknown, type Judgement } from '#core/criteria/verdict.ts';
import type { JudgeContext } from '#core/plan.ts';
import { DAY, HOUR, type Instant } from '#core/time.ts';
import { maxAgeHours } from './age.ts';
import type { EvidenceValue } from './evidence-kinds.ts';
import { bestBySubject } from './seen.ts';
import { defineValidator, type Seen } from './validator.ts';

type BugRecord = EvidenceValue<'bug'>;
type Bug = Exclude<BugRecord, { readonly all_clear: true }>;

const maximum = z.int().min(0).max(1_000_000);

export default defineValidator({
  name: 'BugWindowValidator',
  evidence: 'bug',
  parameters: z.strictObject({
    window_days: z.number().positive().max(365),
    max_critical: maximum,
    max_high: maximum,
    max_age_hours: maxAgeHours(168),
  }),
  // A bug that was found in an earlier stage and is still open must not vanish with the stage entry.
  scope: 'history',
  judge(seen, { window_days, max_critical, max_high, max_age_hours }, context) {
    const { now, stageStartedAt } = context;
    const window_ms = window_days * DAY;
    const counted = bugsSince(seen, Math.max(stageStartedAt, now - window_ms));
    const critical = counted.filter(({ severity }) => severity === 'critical').length;
    const high = counted.filter(({ severity }) => severity === 'high').length;
    const fields = { measured: { critical, high }, target: { max_critical, max_high } };
    if (critical > max_critical || high > max_high)
      return failed('bug_window.too_many', {
        ...fields,
        message: `${critical} critical (at most ${max_critical}) and ${high} high (at most ${max_high}) bugs in ${window_days} days.`,
        distance: distanceOf(critical - max_critical, high - max_high, window_days),
        ...edge(counted, window_ms),
      });
    if (now - stageStartedAt < window_ms) return notCovered(stageStartedAt + window_ms, context, window_days, fields);
    return looked(
      seen,
      max_age_hours,
      context,
      fields,
      `${critical} critical and ${high} high bugs in ${window_days} days.`,
    );
  },
});

/** Bugs that were open at some time since `start`: opened since, or before and not closed by then. */
const bugsSince = (seen: readonly Seen<BugRecord>[], start: Instant): readonly Bug[] =>
  [...bestBySubject(seen).values()].flatMap(({ value }) =>
    'all_clear' in value || (value.closed_at !== undefined && Date.parse(value.closed_at) < start) ? [] : [value],
  );

const distanceOf = (critical: number, high: number, window_days: number): string =>
  [...(critical > 0 ? [`${critical} fewer critical`] : []), ...(high > 0 ? [`${high} fewer high`] : [])].join(' and ') +
  `: close them, then ${window_days} days without`;

/** The soonest instant at which a closed bug leaves the window. */
function edge(bugs: readonly Bug[], window_ms: number): { readonly changesAt?: Instant } {
  const leaves = bugs.flatMap(({ closed_at }) =>
    closed_at === undefined ? [] : [Date.parse(closed_at) + window_ms + 1],
  );
  return leaves.length > 0 ? { changesAt: Math.min(...leaves) } : {};
}

type Figures = Pick<Judgement, 'measured' | 'target'>;

// On the first day of a stage no window of days lies inside it: no bugs yet is no proof yet.
function notCovered(coveredAt: Instant, { now }: JudgeContext, window_days: number, fields: Figures): Judgement {
  const left = Math.ceil(((coveredAt - now) / DAY) * 10) / 10;
  return unknown('window.not_covered', `The window of ${window_days} days is not yet wholly inside this stage.`, {
    ...fields,
    changesAt: coveredAt,
    distance: `${left} days left`,
  });
}

// No bugs on record may also mean that nobody looked: silence is not an all-clear.
function looked(
  seen: readonly Seen<BugRecord>[],
  max_age_hours: number | null,
  { now, stageStartedAt }: JudgeContext,
  fields: Figures,
  message: string,
): Judgement {
  const looks = seen.map(({ observedAt }) => observedAt).filter((at) => at >= stageStartedAt);
  if (looks.length === 0)
    return unknown('evidence.none', 'Nobody has looked for bugs since this stage was entered.', {
      ...fields,
      distance: 'record a bug, or an all-clear: {"all_clear": true}',
    });
  const staleAt = max_age_hours === null ? null : Math.max(...looks) + max_age_hours * HOUR;
  if (staleAt !== null && now > staleAt)
    return unknown('evidence.stale', `The last look for bugs is more than ${max_age_hours} hours old.`, {
      ...fields,
      distance: 'look again: record a bug, or an all-clear: {"all_clear": true}',
    });
  return passed({ ...fields, message, ...(staleAt === null ? {} : { changesAt: staleAt + 1 }) });
}
