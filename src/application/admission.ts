import type { Clock, Logger, Plans } from './ports.ts';

/**
 * The cap on concurrent journeys over all replicas: one process at a time holds the admission, counts, and admits; every
 * recording that admits is guarded by the holder's row, so that a stale holder admits nobody.
 */
export type Admission = {
  /** Whether one more journey may enter its first stage now. A start must not overtake those who wait already. */
  readonly mayAdmit: (isStart: boolean) => boolean;
  /** A decision admits; until it is recorded or returned its place is spoken for. */
  readonly taken: () => void;
  readonly recorded: () => void;
  /** A place that was taken in a decision which was not recorded. */
  readonly returned: () => void;
  /** The holder's row is somebody else's now. */
  readonly lost: () => void;
  /** Takes or keeps the admission, counts, and answers who is to be admitted, first come first served. */
  readonly look: () => Promise<readonly string[]>;
};

export type AdmissionStore = {
  /** True when `epoch` holds the admission: it did, nobody did, or the holder's lease is over. */
  readonly hold: (epoch: number, machineNow: number) => Promise<boolean>;
  readonly slotsTaken: () => Promise<number>;
  readonly queued: (limit: number) => Promise<readonly string[]>;
};

const QUEUE_PAGE = 500;

export function admissionOf(
  store: AdmissionStore,
  plans: Plans,
  clock: Clock,
  logger: Logger,
  owner: { readonly epoch: () => number },
): Admission {
  let holds = false;
  /** Free places as of the last count; null: not counted since we hold the admission. */
  let counted: number | null = null;
  let nobodyWaits = false;
  /** Admissions that are decided but not recorded yet: a count may or may not see them. */
  let pending = 0;
  /** Admissions recorded since the last count began: it may or may not have seen them, so they weigh on top of it. */
  let recordedSince = 0;
  let looking: Promise<readonly string[]> | undefined;
  const free = (): number => Math.max(0, (counted ?? 0) - recordedSince - pending);

  async function count(): Promise<void> {
    const before = recordedSince;
    const taken = await store.slotsTaken();
    counted = plans.active().maxConcurrentJourneys - taken;
    recordedSince -= before;
  }

  async function lookNow(): Promise<readonly string[]> {
    const held = await store.hold(owner.epoch(), clock.machine());
    if (!held || !holds) counted = null;
    holds = held;
    if (!held) return [];
    const waiting = await store.queued(QUEUE_PAGE);
    nobodyWaits = waiting.length === 0;
    // Places only become free behind our back, so a count is due when somebody could use one.
    if (counted === null || !nobodyWaits || free() === 0) await count();
    return waiting.slice(0, free());
  }

  return {
    mayAdmit: (isStart) => holds && free() > 0 && (!isStart || nobodyWaits),
    taken: () => void (pending += 1),
    recorded: () => {
      pending -= 1;
      recordedSince += 1;
    },
    returned: () => void (pending -= 1),
    lost: () => {
      if (holds) logger.info('Another process admits journeys now.');
      holds = false;
    },
    // Two counts at once would each take the other's admissions for counted: callers that come meanwhile share the look.
    look: () =>
      (looking ??= lookNow().finally(() => {
        looking = undefined;
      })),
  };
}
