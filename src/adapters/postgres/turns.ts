/** A place in the queue for the one session. */
export type Turn = {
  /** Resolves with true when it is this one's turn, with false when it left before. */
  readonly granted: Promise<boolean>;
  readonly holds: () => boolean;
  /** Hands the session on, or leaves the queue. Safe to call twice. */
  readonly leave: () => void;
};

export type Turns = { readonly take: () => Turn };

type Waiting = { readonly settle: (granted: boolean) => void };

/** First come, first served. */
export function createTurns(): Turns {
  const queue = new Set<Waiting>();
  let holder: Waiting | undefined;

  const next = (): void => {
    if (holder !== undefined) return;
    const [first] = queue;
    if (first === undefined) return;
    queue.delete(first);
    holder = first;
    first.settle(true);
  };
  return {
    take: () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const waiting: Waiting = { settle: resolve };
      queue.add(waiting);
      next();
      return {
        granted: promise,
        holds: () => holder === waiting,
        leave: () => {
          queue.delete(waiting);
          if (holder === waiting) holder = undefined;
          else waiting.settle(false);
          next();
        },
      };
    },
  };
}
