import { dependencyKey } from '../breakers.ts';
import { deliveringTo, LEASE_MS, type DeliveringParts } from './delivering.ts';
import type { Destination } from './destination.ts';
import { slowDown } from './slow-down.ts';

/** The rounds of one destination: claim what is due, deliver it, and again, until there is nothing. */
export type Rounds = {
  readonly destination: Destination;
  /** There may be something. */
  readonly ring: () => void;
  readonly idle: () => Promise<void>;
};

export type RoundsParts = Omit<DeliveringParts, 'pace'> & {
  readonly epoch: () => number;
  /** Aborts when nothing more is to be claimed. */
  readonly closing: AbortSignal;
};

/** Calls under way at once, a destination and process. */
const CONCURRENCY = 10;

export function roundsOf(destination: Destination, parts: RoundsParts): Rounds {
  const { outbox, breakers, epoch, clock, logger, closing } = parts;
  const { name, concurrency = CONCURRENCY } = destination;
  const key = dependencyKey(destination);
  const pace = slowDown();
  const deliver = deliveringTo(destination, { ...parts, pace });
  let underWay = 0;
  let rung = false;
  let bell = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;

  function ring(): void {
    rung = true;
    bell.resolve();
    running ??= goRound().finally(() => {
      running = undefined;
      if (rung && !closing.aborted) ring();
    });
  }

  async function goRound(): Promise<void> {
    for (;;) {
      rung = false;
      bell = Promise.withResolvers();
      await begin();
      if (underWay === 0) return;
      // Whatever ends or is written meanwhile rings: the next message of its client has become the first.
      await bell.promise;
    }
  }

  /** One probe after the other while it is down; each of them shows more than many at once would. */
  const unbroken = (): number => (breakers.isOpen(key) ? (breakers.mayProbe(key) ? 1 : 0) : concurrency);

  async function begin(): Promise<void> {
    const machineNow = clock.machine();
    const limit = closing.aborted ? 0 : Math.min(pace.most(machineNow, concurrency), unbroken()) - underWay;
    if (limit <= 0) return;
    try {
      const claimed = await outbox.claim({
        destination: name,
        epoch: epoch(),
        machineNow,
        leaseUntil: machineNow + LEASE_MS,
        limit,
      });
      for (const one of claimed) {
        underWay += 1;
        void deliver(one).finally(() => {
          underWay -= 1;
          rung = true;
          bell.resolve();
        });
      }
    } catch (error) {
      logger.warn('Messages could not be claimed.', { destination: name, error: String(error) });
    }
  }

  return {
    destination,
    ring,
    idle: async () => {
      for (let round = running; round; round = running) await round;
    },
  };
}
