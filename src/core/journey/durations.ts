import type { StagePlan } from '../plan.ts';
import { DAY, type Instant } from '../time.ts';
import { instantAfter, weekdays_ms, type Calendar } from '../calendar.ts';
import { record, type Draft } from './draft.ts';
import type { Journey } from './journey.ts';
import { pausedTime, type PausedTime, type PausedWaits } from './time-split.ts';

/** How a stage stands against its target: at risk from 80 % of it, breached from 100 %. */
export const durationSignals = ['on_track', 'at_risk', 'breached'] as const;
export type DurationSignal = (typeof durationSignals)[number];

const AT_RISK_FROM = 0.8;

/** The stage's age by its calendar; time in which the journey was paused does not count. */
export function stageAge_ms(from: Instant, now: Instant, calendar: Calendar, paused: PausedTime): number {
  const passed = calendar === 'business' ? weekdays_ms(from, now) - paused.weekdays_ms : now - from - paused.all_ms;
  return Math.max(0, passed);
}

export type Duration = {
  readonly age_ms: number;
  /** Which day of the stage it is, counted from 1. */
  readonly day: number;
  /** Null: the stage has no target. */
  readonly signal: DurationSignal | null;
  /** When time alone makes it at risk or breached; null: not while it is paused, or not any more. */
  readonly changesAt: Instant | null;
};

/** What the age of a stage follows from: a journey, or its row. */
export type Timed = Pick<Journey, 'stageStartedAt' | 'status'> & { readonly waits: PausedWaits };

export function durationOf(
  { durationTarget_ms: target_ms, calendar }: Pick<StagePlan, 'durationTarget_ms' | 'calendar'>,
  { stageStartedAt, status, waits }: Timed,
  now: Instant,
): Duration {
  // The last stage of a completed journey grows no older.
  const until = waits.on === null ? waits.since : now;
  const age_ms = stageAge_ms(stageStartedAt, until, calendar, pausedTime(waits, until));
  const day = Math.floor(age_ms / DAY) + 1;
  if (target_ms === null) return { age_ms, day, signal: null, changesAt: null };
  const atRisk_ms = Math.ceil(target_ms * AT_RISK_FROM);
  const signal = age_ms >= target_ms ? 'breached' : age_ms >= atRisk_ms ? 'at_risk' : 'on_track';
  const next_ms = { on_track: atRisk_ms, at_risk: target_ms, breached: null }[signal];
  const moves = next_ms !== null && status === 'active';
  return { age_ms, day, signal, changesAt: moves ? instantAfter(now, next_ms - age_ms, calendar) : null };
}

/** Whether the target says more than has been recorded in this stage entry. */
export const durationIsDue = (stage: StagePlan, journey: Journey, now: Instant): boolean =>
  rank(durationOf(stage, journey, now).signal) > rank(journey.duration);

const rank = (signal: DurationSignal | null): number => (signal === null ? 0 : durationSignals.indexOf(signal));

/** Records, once each a stage entry, that the stage takes long; who looked away for long records both. */
export function followDuration(draft: Draft, stage: StagePlan): void {
  const { age_ms, signal } = durationOf(stage, draft.journey, draft.world.now);
  const { durationTarget_ms: target_ms, calendar } = stage;
  if (target_ms === null) return;
  for (const passed of ['at_risk', 'breached'] as const)
    if (rank(passed) > rank(draft.journey.duration) && rank(passed) <= rank(signal))
      record(draft, {
        type: `stage_duration_${passed}`,
        stage: stage.id,
        entry: draft.journey.stageEntry,
        target_days: target_ms / DAY,
        age_days: Math.round((age_ms / DAY) * 1_000) / 1_000,
        calendar,
      });
}

/** A stage that the plan does not know any more has no target either. */
export const ongoing = { durationTarget_ms: null, calendar: 'calendar' } as const;
