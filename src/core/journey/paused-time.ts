import type { Instant } from '../time.ts';
import type { Journey } from './journey.ts';

/** How long the journey has been paused in this stage entry: that time does not count against the stage's target. */
export const pausedFor_ms = ({ pause, paused_ms }: Pick<Journey, 'pause' | 'paused_ms'>, now: Instant): number =>
  paused_ms + (pause ? Math.max(0, now - pause.since) : 0);

/** How long it has been in the present stage, pauses left out. */
export const timeInStage_ms = (
  journey: Pick<Journey, 'pause' | 'paused_ms' | 'stageStartedAt'>,
  now: Instant,
): number => Math.max(0, now - journey.stageStartedAt - pausedFor_ms(journey, now));
