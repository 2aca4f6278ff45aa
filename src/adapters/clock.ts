import type { Clock, Logger } from '#application/ports.ts';
import { SECOND, type Instant } from '#core/time.ts';

// setTimeout fires at once when asked for more than a signed 32-bit number of milliseconds.
const LONGEST_TIMER_ms = 2 ** 31 - 1;
// A correction smaller than this must not take the clock back: two readings in a row would be out of order.
const HELD_STEP_ms = SECOND;

/** Waits by the machine's timers; resolves early, without error, when the signal aborts. */
export async function sleep(wait_ms: number, signal?: AbortSignal): Promise<void> {
  let left_ms = wait_ms;
  while (left_ms > 0) {
    if (signal?.aborted === true) return;
    const part_ms = Math.min(left_ms, LONGEST_TIMER_ms);
    // One timer at a time is the purpose of the loop.
    // oxlint-disable-next-line no-await-in-loop
    await timer(part_ms, signal);
    left_ms -= part_ms;
  }
}

function timer(wait_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const handle = setTimeout(finish, wait_ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** The machine's own time, for both times. */
export function systemClock(): Clock {
  return { journey: Date.now, machine: Date.now, sleep };
}

/** Milliseconds since 1970 that no one can set back while the process runs. */
const monotonic = (): number => performance.timeOrigin + performance.now();

export type DatabaseClockOptions = {
  /** The time at the database, asked in one round trip. */
  readonly databaseTime: () => Promise<Instant>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly every_ms?: number;
  readonly roundTrips?: number;
  /** The local time that the offset is added to; it must never jump. */
  readonly local?: () => number;
  readonly sleep?: Clock['sleep'];
};

export type DatabaseClock = Clock & {
  /** Measures the offset anew; throws when the database does not answer. */
  readonly sample: () => Promise<void>;
  readonly offset_ms: () => number;
  readonly stop: () => Promise<void>;
};

/**
 * The database's time on this machine, so that all replicas agree on leases and freshness whatever their own clocks say.
 * The offset is measured before this resolves and again every 30 seconds; a failed measurement keeps the last one.
 */
export async function databaseClock(options: DatabaseClockOptions): Promise<DatabaseClock> {
  const { databaseTime, logger, every_ms = 30 * SECOND, roundTrips = 5, local = monotonic } = options;
  const wait = options.sleep ?? sleep;
  const stopping = new AbortController();
  let offset_ms = 0;
  let last = Number.NEGATIVE_INFINITY;

  const now = (): Instant => {
    const time = Math.floor(local() + offset_ms);
    last = time < last && last - time < HELD_STEP_ms ? last : time;
    return last;
  };
  const sample = async (): Promise<void> => {
    offset_ms = await measureOffset(databaseTime, local, roundTrips);
  };
  const keepSampling = async (): Promise<void> => {
    await wait(every_ms, stopping.signal);
    if (stopping.signal.aborted) return;
    await sample().catch((error: unknown) => {
      logger.warn('The offset to the database clock could not be measured; the last one stays in force.', {
        offset_ms,
        error: String(error),
      });
    });
    return keepSampling();
  };

  await sample();
  const sampling = keepSampling();
  const stop = (): Promise<void> => {
    stopping.abort();
    return sampling;
  };
  return { journey: now, machine: now, sleep: wait, sample, offset_ms: () => offset_ms, stop };
}

/** The median over several round trips, each read as if the database answered half-way: a single slow one is outvoted. */
async function measureOffset(
  databaseTime: () => Promise<Instant>,
  local: () => number,
  roundTrips: number,
): Promise<number> {
  const offsets: number[] = [];
  for (let trip = 0; trip < roundTrips; trip += 1) {
    const sent = local();
    // Round trips that overlap would measure each other.
    // oxlint-disable-next-line no-await-in-loop
    const there = await databaseTime();
    offsets.push(there - (sent + local()) / 2);
  }
  offsets.sort((a, b) => a - b);
  return offsets[Math.floor(offsets.length / 2)] ?? 0;
}

export type AcceleratedClock = Clock & {
  /** Journey time stands still until resume: a person who decides must not lose journey days to thinking. */
  readonly pause: () => void;
  readonly resume: () => void;
};

export type AcceleratedClockOptions = {
  readonly factor: number;
  readonly startAt?: Instant;
  readonly machine?: Pick<Clock, 'machine' | 'sleep'>;
};

/** For the demo: journey time runs `factor` times as fast as machine time, which stays real. */
export function acceleratedClock(options: AcceleratedClockOptions): AcceleratedClock {
  const { factor, machine = systemClock() } = options;
  let journeyAt = options.startAt ?? machine.machine();
  let since: Instant | null = machine.machine();

  const journey = (): Instant =>
    since === null ? journeyAt : Math.floor(journeyAt + (machine.machine() - since) * factor);
  return {
    journey,
    machine: machine.machine,
    sleep: machine.sleep,
    pause: () => {
      journeyAt = journey();
      since = null;
    },
    resume: () => {
      since ??= machine.machine();
    },
  };
}
