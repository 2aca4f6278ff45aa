import type { WorkTemplate } from '../plan.ts';
import type { Instant } from '../time.ts';
import type { Unit } from '../work/unit.ts';
import type { Journey } from './journey.ts';

/**
 * When a unit of work has taken longer than it may; null: it may take any time. Time in which its journey was paused does
 * not count: nothing of it could begin. While it is paused the deadline is not known yet, and moves on when it is resumed.
 */
export const unitDeadline = (
  { limit_ms }: Pick<WorkTemplate, 'limit_ms'>,
  { startedAt, pausedBefore_ms }: Pick<Unit, 'startedAt' | 'pausedBefore_ms'>,
  { waits }: Pick<Journey, 'waits'>,
): Instant | null => (limit_ms === null ? null : startedAt + limit_ms + waits.spent.paused - pausedBefore_ms);
