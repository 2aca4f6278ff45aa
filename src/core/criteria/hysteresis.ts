import type { Instant } from '../time.ts';
import { HOUR } from '../time.ts';
import { unknown, type Judgement, type Outcome } from './verdict.ts';

/** How long a criterion must have said the same before it counts, so that one lucky or unlucky figure decides nothing. */
export type Hysteresis = {
  /** So many distinct observations in a row; 1: the first one counts. */
  readonly consecutive: number;
  /** For so long; 0: at once. */
  readonly hold_ms: number;
};

/** What a criterion has said in a row. */
export type Streak = {
  readonly outcome: Outcome;
  /** When it began to say so (journey time). */
  readonly since: Instant;
  /** How many distinct observations said so. */
  readonly count: number;
  /** When the newest of them was observed. */
  readonly seen: Instant | null;
};

export type Streaks = { readonly [key: string]: Streak };

/** A judgement, and the newest observation that it rests on. */
export type Sighting = { readonly outcome: Outcome; readonly seen: Instant | null };

/** The streak after one more look; the same object where nothing is new. */
export function prolonged(streak: Streak | undefined, { outcome, seen }: Sighting, now: Instant): Streak {
  if (streak?.outcome !== outcome) return { outcome, since: now, count: seen === null ? 0 : 1, seen };
  if (seen === null || (streak.seen !== null && seen <= streak.seen)) return streak;
  return { ...streak, count: streak.count + 1, seen };
}

export const hasLasted = ({ since, count }: Streak, { consecutive, hold_ms }: Hysteresis, now: Instant): boolean =>
  count >= consecutive && now - since >= hold_ms;

/** A pass counts only once it has lasted; a failure counts at once. */
export function held(judgement: Judgement, streak: Streak, rule: Hysteresis, now: Instant): Judgement {
  if (judgement.outcome !== 'passed' || hasLasted(streak, rule, now)) return judgement;
  const few = streak.count < rule.consecutive;
  const { measured, target, changesAt } = judgement;
  const holdsAt = streak.since + rule.hold_ms;
  return unknown(
    'criterion.not_held_yet',
    few
      ? `Passed, but in ${streak.count} of ${rule.consecutive} consecutive observations.`
      : `Passed, but only for ${shown(now - streak.since)} of ${shown(rule.hold_ms)}.`,
    {
      ...(measured === undefined ? {} : { measured }),
      ...(target === undefined ? {} : { target }),
      distance: few
        ? `${rule.consecutive - streak.count} more observations that pass`
        : `${shown(holdsAt - now)} more without a failure`,
      // What is short of observations changes with the next one, not by time.
      ...soonest(few ? undefined : holdsAt, changesAt),
    },
  );
}

const soonest = (...instants: readonly (Instant | undefined)[]): { readonly changesAt?: Instant } => {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length > 0 ? { changesAt: Math.min(...known) } : {};
};

const shown = (span_ms: number): string => `${Math.round((span_ms / HOUR) * 10) / 10} h`;
