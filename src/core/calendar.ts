import { DAY, type Instant } from './time.ts';

/** `calendar`: days of 24 hours, in UTC. `business`: only those from Monday to Friday, in UTC. */
export const calendars = ['calendar', 'business'] as const;
export type Calendar = (typeof calendars)[number];

const WEEK = 7 * DAY;
const WORKING_WEEK = 5 * DAY;
/** The first Monday of 1970. */
const MONDAY = 4 * DAY;

/** The time between two instants that fell on Monday to Friday. */
export const weekdays_ms = (from: Instant, to: Instant): number => worked(to) - worked(from);

/** The first instant at which so much of the calendar's time has passed since `from`. */
export function instantAfter(from: Instant, time_ms: number, calendar: Calendar): Instant {
  if (calendar === 'calendar') return from + time_ms;
  if (time_ms <= 0) return from;
  const wanted = worked(from) + time_ms;
  const weeks = Math.ceil(wanted / WORKING_WEEK) - 1;
  return MONDAY + weeks * WEEK + (wanted - weeks * WORKING_WEEK);
}

/** Weekday time since that Monday. */
function worked(at: Instant): number {
  const since = at - MONDAY;
  const weeks = Math.floor(since / WEEK);
  return weeks * WORKING_WEEK + Math.min(since - weeks * WEEK, WORKING_WEEK);
}
