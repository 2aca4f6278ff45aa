import { JourneyError } from '#core/errors.ts';
import type { Plan } from '#core/plan.ts';
import type { JsonObject } from '#core/json.ts';
import type { Plans } from './ports.ts';

export type PlansOptions = {
  readonly document: (hash: string) => Promise<JsonObject | null>;
  /** The hash of the version that decides; null: none does yet. */
  readonly active: () => Promise<string | null>;
  readonly compile: (document: JsonObject) => Plan;
};

export type RefreshedPlans = Plans & {
  /** The newest activated version decides for every replica, whatever files it was started with. */
  readonly refresh: () => Promise<void>;
};

/** The plans that this process knows, compiled from what is stored: the active one, and those that journeys have pinned. */
export function plansOf({ document, active, compile }: PlansOptions): RefreshedPlans {
  const known = new Map<string, Plan>();
  let current: Plan | undefined;

  async function ensure(hashes: Iterable<string>): Promise<void> {
    for (const hash of hashes) {
      if (known.has(hash)) continue;
      const stored = await document(hash);
      if (!stored)
        throw new JourneyError(
          'settings.invalid',
          `The configuration ${hash}, which a journey has pinned, is not stored.`,
        );
      // Stored by a version that knew fewer keys it would hash otherwise: what a journey has pinned is the name that counts.
      known.set(hash, { ...compile(stored), hash });
    }
  }

  function get(hash: string): Plan {
    const plan = known.get(hash);
    if (!plan) throw new Error(`The plan ${hash} has not been made available.`);
    return plan;
  }

  async function refreshNow(): Promise<void> {
    const hash = await active();
    if (hash === null)
      throw new JourneyError(
        'settings.invalid',
        'No configuration is active.',
        'Start the server: it activates its own.',
      );
    await ensure([hash]);
    current = get(hash);
  }
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** One look after the other, since a late answer must not undo a newer one; who comes meanwhile shares the next. */
  function refresh(): Promise<void> {
    if (running)
      return (next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return refresh();
        }));
    running = refreshNow().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    active: () => {
      if (!current) throw new Error('No configuration has been activated yet.');
      return current;
    },
    get,
    ensure,
    refresh,
  };
}
