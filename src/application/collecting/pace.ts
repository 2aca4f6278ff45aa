import { MINUTE, type Instant } from '#core/time.ts';

/** How many calls may begin now, so that no minute has more than `perMinute`. Machine time. */
export type Pace = {
  readonly left: (now: Instant) => number;
  readonly take: (calls: number, now: Instant) => void;
};

export function pace(perMinute: number): Pace {
  let begun: { readonly at: Instant; readonly calls: number }[] = [];
  const left = (now: Instant): number => {
    begun = begun.filter(({ at }) => now - at < MINUTE);
    return Math.max(0, perMinute - begun.reduce((sum, { calls }) => sum + calls, 0));
  };
  return { left, take: (calls, at) => void begun.push({ at, calls }) };
}
