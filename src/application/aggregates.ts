import type { Journey } from '#core/journey/journey.ts';

/** Warm aggregates of one lane, the least recently used one dropped first. Any of them may be stale: the guard decides. */
export type Aggregates = {
  readonly get: (clientId: string) => Journey | undefined;
  readonly keep: (journey: Journey) => void;
  readonly drop: (clientId: string) => void;
};

export function aggregates(limit: number): Aggregates {
  const warm = new Map<string, Journey>();
  return {
    get: (clientId) => warm.get(clientId),
    keep: (journey) => {
      // A map iterates in order of insertion: deleting first makes the kept one the youngest.
      warm.delete(journey.clientId);
      if (needsNoMore(journey)) return;
      warm.set(journey.clientId, journey);
      if (warm.size > limit) for (const [oldest] of warm) return void warm.delete(oldest);
    },
    drop: (clientId) => void warm.delete(clientId),
  };
}

/** Production and completed journeys change rarely: loading them again costs less than keeping them. */
const needsNoMore = ({ status, holdsSlot, units }: Journey): boolean =>
  status === 'completed' || (status === 'active' && !holdsSlot && units.length === 0);
