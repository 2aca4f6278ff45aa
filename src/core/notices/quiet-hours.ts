import { DAY, MINUTE, type Instant } from '../time.ts';

/** A part of each day in which people are left alone. It may pass midnight. */
export type QuietHours = {
  /** Minutes of the day, by the clock on the wall. */
  readonly from: number;
  readonly to: number;
  /** As the IANA database names it: Europe/Berlin. */
  readonly timeZone: string;
};

const MINUTES_A_DAY = DAY / MINUTE;

/** When the quiet hours that `now` is in are over; null: it is in none. */
export function quietUntil(quiet: QuietHours, now: Instant): Instant | null {
  const clock = wallClock(quiet.timeZone);
  const isQuiet = (at: Instant): boolean => within(quiet, clock(at));
  if (!isQuiet(now)) return null;
  const begun = Math.floor(now / MINUTE) * MINUTE;
  const left = (quiet.to - clock(begun) + MINUTES_A_DAY) % MINUTES_A_DAY;
  const end = begun + left * MINUTE;
  if (!isQuiet(end) && isQuiet(end - MINUTE)) return end;
  // The clocks are changed in between: the first minute that is quiet no longer.
  for (let at = begun; at < begun + 2 * DAY; at += MINUTE) if (!isQuiet(at)) return at;
  return null;
}

/** From and to being the same, they are not all day but never. */
const within = ({ from, to }: QuietHours, minute: number): boolean =>
  from <= to ? minute >= from && minute < to : minute >= from || minute < to;

/** Minutes of the day there, at an instant. */
function wallClock(timeZone: string): (at: Instant) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return (at) => {
    const [hours, minutes] = format.format(at).split(':').map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  };
}
