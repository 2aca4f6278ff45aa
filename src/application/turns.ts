/**
 * What waits for a flush. Work that has begun goes before journeys that have not: what is under way ends sooner, and the
 * memory that is alive at once stays small. A share of every flush is kept for the beginners, so that they never starve.
 */
export type Turns<T> = {
  readonly add: (item: T) => void;
  /** Items that were taken before and come again: before all others. */
  readonly putBack: (items: readonly T[]) => void;
  readonly take: (limit: number) => T[];
  readonly size: () => number;
};

const SHARE_OF_BEGINNERS = 0.1;

type Described<T> = { readonly clientOf: (item: T) => string; readonly begins: (item: T) => boolean };

export function turns<T>({ clientOf, begins }: Described<T>): Turns<T> {
  let underWay: T[] = [];
  const beginners: T[] = [];
  /** Clients with a beginner that waits: whatever comes after it for the same client stays behind it. */
  const behind = new Map<string, number>();

  function add(item: T): void {
    const clientId = clientOf(item);
    const ahead = behind.get(clientId) ?? 0;
    if (ahead === 0 && !begins(item)) return void underWay.push(item);
    beginners.push(item);
    behind.set(clientId, ahead + 1);
  }

  function takeBeginners(limit: number): T[] {
    const taken = beginners.splice(0, limit);
    for (const item of taken) {
      const clientId = clientOf(item);
      const left = (behind.get(clientId) ?? 1) - 1;
      if (left === 0) behind.delete(clientId);
      else behind.set(clientId, left);
    }
    return taken;
  }

  return {
    add,
    putBack: (items) => {
      if (items.length > 0) underWay = [...items, ...underWay];
    },
    take: (limit) => {
      const kept = Math.min(beginners.length, Math.ceil(limit * SHARE_OF_BEGINNERS));
      const taken = underWay.length > limit - kept ? underWay.splice(0, limit - kept) : underWay;
      if (taken === underWay) underWay = [];
      return taken.concat(takeBeginners(limit - taken.length));
    },
    size: () => underWay.length + beginners.length,
  };
}
