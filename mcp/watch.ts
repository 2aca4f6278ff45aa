import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import { SECOND } from '#core/time.ts';
import type { Clock, Logger } from '#application/ports.ts';

/** The versions of these clients' journeys, as the store has them now; unknown clients are left out. */
export type Versions = (clientIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;

export type Watch = {
  readonly bus: ServerEventBus;
  /** Tells of changes of these resources from now on, until the signal aborts. */
  readonly add: (resources: ReadonlyMap<string, string>, until: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Watched = { readonly uris: Map<string, number>; version: number | undefined };

/** Resources that one subscriber may name. */
export const MOST_SUBSCRIBED = 200;
const LOOK_EVERY_MS = SECOND;

/**
 * Tells subscribers that a journey has changed. Each replica asks the store for the versions of those journeys that its
 * own subscribers named, once a second while there are any: so every change is seen, whichever replica made it, and no
 * transaction pays for it.
 */
export function watchJourneys(versions: Versions, clock: Clock, logger: Logger): Watch {
  const listeners = new Set<(event: ServerEvent) => void>();
  const watched = new Map<string, Watched>();
  const stopping = new AbortController();
  let looking: Promise<void> | undefined;

  const publish = (event: ServerEvent): void => {
    for (const listener of listeners) listener(event);
  };

  async function look(): Promise<void> {
    const now = await versions([...watched.keys()]);
    for (const [clientId, one] of watched) {
      const version = now.get(clientId);
      if (version === one.version) continue;
      one.version = version;
      for (const uri of one.uris.keys()) publish({ kind: 'resource_updated', uri });
    }
  }

  async function keepLooking(): Promise<void> {
    while (watched.size > 0 && !stopping.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopping.signal);
      await look().catch((error: unknown) => {
        logger.warn('Subscribers could not be told of changes.', { error: String(error) });
      });
    }
    looking = undefined;
  }

  function remove(resources: ReadonlyMap<string, string>): void {
    for (const [uri, clientId] of resources) {
      const one = watched.get(clientId);
      const left = (one?.uris.get(uri) ?? 1) - 1;
      if (left > 0) one?.uris.set(uri, left);
      else one?.uris.delete(uri);
      if (one?.uris.size === 0) watched.delete(clientId);
    }
  }

  return {
    bus: {
      publish,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    add: async (resources, until) => {
      // Asked before the subscription is acknowledged: whatever changes afterwards differs from this.
      const now = await versions([...new Set(resources.values())]);
      if (until.aborted || stopping.signal.aborted) return;
      for (const [uri, clientId] of resources) {
        const one = watched.get(clientId) ?? { uris: new Map<string, number>(), version: now.get(clientId) };
        one.uris.set(uri, (one.uris.get(uri) ?? 0) + 1);
        watched.set(clientId, one);
      }
      until.addEventListener('abort', () => remove(resources), { once: true });
      looking ??= keepLooking();
    },
    stop: async () => {
      stopping.abort();
      await looking;
    },
  };
}
