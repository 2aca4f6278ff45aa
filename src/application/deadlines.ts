import type { JsonObject } from '#core/json.ts';
import { SECOND, type Instant } from '#core/time.ts';
import type { Alert, RaiseAlert } from './alerts.ts';
import type { Clock } from './ports.ts';

/**
 * What has to be done by a time (machine time). A breach is told while it lasts, whatever holds the work up: a store that
 * is away, a lane that is congested, a judge that takes its time.
 */
export type Deadlines = {
  /** The first beginning counts: what is tried again has been waiting since then. */
  readonly begin: (alert: Alert, name: string, deadline: Deadline) => void;
  readonly since: (alert: Alert, name: string) => Instant | undefined;
  /** It is done, or nobody wants it any more. A breach that nobody has been told of is told now. */
  readonly end: (alert: Alert, name: string) => void;
  readonly stop: () => void;
};

export type Deadline = {
  readonly since: Instant;
  readonly budget_ms: number;
  readonly message: string;
  readonly fields: JsonObject;
};

const LOOK_EVERY_MS = SECOND;
/** What failed and was never tried again is kept no longer than there is room for it. */
const LIMIT = 10_000;

const keyOf = (alert: Alert, name: string): string => `${alert}\n${name}`;

export function openDeadlines(clock: Pick<Clock, 'machine' | 'sleep'>, raise: RaiseAlert): Deadlines {
  const waiting = new Map<string, Deadline & { readonly alert: Alert; told: boolean }>();
  const stopping = new AbortController();
  let looking = false;

  function tell(one: Deadline & { readonly alert: Alert; told: boolean }): void {
    const waited_ms = clock.machine() - one.since;
    if (one.told || waited_ms <= one.budget_ms) return;
    one.told = true;
    const [waited_seconds, budget_seconds] = [waited_ms / SECOND, one.budget_ms / SECOND];
    raise(one.alert, one.message, { ...one.fields, waited_seconds, budget_seconds });
  }

  async function look(): Promise<void> {
    looking = true;
    // Only while something may still be told: what has been told waits for its end in silence.
    while (!stopping.signal.aborted && [...waiting.values()].some(({ told }) => !told)) {
      await clock.sleep(LOOK_EVERY_MS, stopping.signal);
      for (const one of waiting.values()) tell(one);
    }
    looking = false;
  }

  return {
    begin: (alert, name, deadline) => {
      const key = keyOf(alert, name);
      if (waiting.has(key)) return;
      if (waiting.size >= LIMIT) for (const [oldest] of waiting) if (waiting.size >= LIMIT) waiting.delete(oldest);
      waiting.set(key, { ...deadline, alert, told: false });
      if (!looking) void look();
    },
    since: (alert, name) => waiting.get(keyOf(alert, name))?.since,
    end: (alert, name) => {
      const one = waiting.get(keyOf(alert, name));
      if (one) tell(one);
      waiting.delete(keyOf(alert, name));
    },
    stop: () => stopping.abort(),
  };
}
