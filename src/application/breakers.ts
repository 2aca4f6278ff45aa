import {
  afterAnswer,
  afterFailure,
  afterNothing,
  closed,
  mayProbe,
  withProbe,
  type Breaker,
  type BreakerPolicy,
} from '#core/breaker.ts';
import type { Instant } from '#core/time.ts';
import type { RaiseAlert } from './alerts.ts';
import type { Clock, Logger } from './ports.ts';

/** A breaker as the replicas share it. Version 0: nothing is stored yet. */
export type StoredBreaker = { readonly key: string; readonly version: number; readonly breaker: Breaker };

export type BreakerStore = {
  /** Those that are not at rest: open, half-open, or closed with failures counted. */
  readonly all: () => Promise<readonly StoredBreaker[]>;
  readonly find: (key: string) => Promise<StoredBreaker>;
  /** False when somebody else has changed it since. */
  readonly write: (before: StoredBreaker, after: Breaker, at: Instant) => Promise<boolean>;
};

/** How a call ended, as far as it says something about the other side. */
export type CallOutcome = 'answered' | 'failed' | 'nothing';

/**
 * The circuit breakers, by key: `intent:<intent>` for the agents of an intent, any other name for a dependency. What is
 * asked often (may I call?) is answered from this process's view, which its own calls and each refresh bring up to date;
 * what must hold for all replicas (how many probes are in flight) is a guarded change of the shared state.
 */
export type Breakers = {
  /** Not closed: a call needs to be a probe. */
  readonly isOpen: (key: string) => boolean;
  /** Whether a probe could go ahead now, as this process sees it. */
  readonly mayProbe: (key: string) => boolean;
  /** Takes a probe's place for the call `id`, until it is reported or `until`; false: there is none. */
  readonly probe: (key: string, id: string, until: Instant) => Promise<boolean>;
  /** Tells how the call `id` ended. Never rejects, and costs nothing while all is well. */
  readonly report: (key: string, id: string, outcome: CallOutcome) => Promise<void>;
  /** What is not at rest, as this process sees it. */
  readonly view: () => ReadonlyMap<string, Breaker>;
  readonly refresh: () => Promise<void>;
};

export type BreakersDependencies = {
  readonly store: BreakerStore;
  readonly policy: () => BreakerPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly raise: RaiseAlert;
};

export const intentKey = (intent: string): string => `intent:${intent}`;
/** What several destinations depend on has one breaker: a mail server that is down is down for all who are written to. */
export const dependencyKey = ({
  name,
  dependency = name,
}: {
  readonly name: string;
  readonly dependency?: string;
}): string => `dependency:${dependency}`;

/** How often a change may lose its race before it is given up: the state that won is as good. */
const MAX_TRIES = 20;

export function openBreakers({ store, policy, clock, logger, raise }: BreakersDependencies): Breakers {
  const known = new Map<string, StoredBreaker>();
  const turns = new Map<string, Promise<unknown>>();
  let changes = 0;

  const breakerOf = (key: string): Breaker => known.get(key)?.breaker ?? closed;

  /** Changes of one breaker by this process follow each other; others may still come between, and then it is decided again. */
  function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, done);
    void done
      .catch(() => undefined)
      .finally(() => {
        if (turns.get(key) === done) turns.delete(key);
      });
    return done;
  }

  /** Answers what it became; null: `decide` had nothing to change. */
  async function change(key: string, decide: (breaker: Breaker) => Breaker | null): Promise<Breaker | null> {
    let before = known.get(key) ?? (await store.find(key));
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const after = decide(before.breaker);
      if (after === null || after === before.breaker) {
        keep(before);
        return null;
      }
      if (await store.write(before, after, clock.machine())) {
        keep({ key, version: before.version + 1, breaker: after });
        tell(key, before.breaker, after);
        return after;
      }
      before = await store.find(key);
    }
    keep(before);
    return null;
  }

  function keep(stored: StoredBreaker): void {
    changes += 1;
    known.set(stored.key, stored);
  }

  function tell(key: string, before: Breaker, after: Breaker): void {
    if (before.status === after.status) return;
    if (before.status === 'closed')
      return raise('breaker_open', `${key} failed ${policy().failureThreshold} times in a row: its calls wait.`, {
        breaker: key,
        timeout_seconds: policy().timeout_ms / 1_000,
      });
    logger.info(`The circuit breaker of ${key} is ${after.status.replace('_', '-')}.`, { breaker: key });
  }

  function afterCall(breaker: Breaker, id: string, outcome: CallOutcome): Breaker {
    switch (outcome) {
      case 'failed':
        return afterFailure(breaker, policy(), id, clock.machine());
      case 'answered':
        return afterAnswer(breaker, policy(), id);
      case 'nothing':
        return afterNothing(breaker, id);
    }
  }

  return {
    isOpen: (key) => policy().enabled && known.size > 0 && breakerOf(key).status !== 'closed',
    mayProbe: (key) => mayProbe(breakerOf(key), policy(), clock.machine()),
    probe: (key, id, until) => {
      // Two looks at once must not think of the same place as free.
      const take = (breaker: Breaker) => withProbe(breaker, policy(), { id, until }, clock.machine());
      return inTurn(key, async () => (await change(key, take)) !== null);
    },
    report: async (key, id, outcome) => {
      if (!policy().enabled) return;
      // Nothing to learn from what goes well while all is well: that is every call of a good day.
      if (outcome !== 'failed' && !known.has(key)) return;
      const learn = (breaker: Breaker) => afterCall(breaker, id, outcome);
      try {
        await inTurn(key, () => change(key, learn));
      } catch (error) {
        logger.warn('What a call says about its circuit breaker could not be kept.', {
          breaker: key,
          error: String(error),
        });
      }
    },
    view: () => new Map([...known].map(([key, { breaker }]) => [key, breaker])),
    refresh: async () => {
      const seen = changes;
      const stored = await store.all();
      // What changed here meanwhile is newer than what was read.
      if (seen !== changes || turns.size > 0) return;
      known.clear();
      for (const one of stored) known.set(one.key, one);
    },
  };
}
