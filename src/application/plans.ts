import { JourneyError } from '#core/errors.ts';
import type { Plan } from '#core/plan.ts';
import type { JsonObject } from '#core/json.ts';
import type { Plans } from './ports.ts';

export type ConfigStore = {
  /** Keeps a version; the same hash again changes nothing. */
  readonly keep: (hash: string, label: string, document: JsonObject, at: number) => Promise<void>;
  readonly document: (hash: string) => Promise<JsonObject | null>;
  /** Makes a version the one that the next stage entries pin. Nothing happens when it is so already. */
  readonly activate: (hash: string, by: string, at: number) => Promise<void>;
  readonly active: () => Promise<string>;
};

export type PlansOptions = {
  readonly store: ConfigStore;
  readonly compile: (document: JsonObject) => Plan;
  readonly own: Plan;
};

/** The plans that this process knows: its own, and those that journeys have pinned, compiled from what is stored. */
export async function openPlans({
  store,
  compile,
  own,
}: PlansOptions): Promise<Plans & { readonly refresh: () => Promise<void> }> {
  const known = new Map<string, Plan>([[own.hash, own]]);
  let active = own;

  async function ensure(hashes: Iterable<string>): Promise<void> {
    for (const hash of hashes) {
      if (known.has(hash)) continue;
      const document = await store.document(hash);
      if (!document)
        throw new JourneyError(
          'settings.invalid',
          `The configuration ${hash}, which a journey has pinned, is not stored.`,
        );
      known.set(hash, compile(document));
    }
  }

  /** The newest activated version decides for every replica, whatever files it was started with. */
  async function refresh(): Promise<void> {
    const hash = await store.active();
    await ensure([hash]);
    active = get(hash);
  }

  function get(hash: string): Plan {
    const plan = known.get(hash);
    if (!plan) throw new Error(`The plan ${hash} has not been made available.`);
    return plan;
  }

  await refresh();
  return { active: () => active, get, ensure, refresh };
}
