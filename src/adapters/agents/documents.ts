import { A2A_PROTOCOL_VERSION, A2A_VERSION_HEADER } from '@a2a-js/sdk';
import { JourneyError } from '#core/errors.ts';
import { isObject, type JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { AgentCopies } from '#application/agent-sources.ts';
import type { Clock, Logger } from '#application/ports.ts';
import { problemOf } from './agent-failure.ts';
import { withDeadline } from './deadline.ts';
import type { AgentLimits } from './limits.ts';
import { keepNewest } from './newest.ts';

/** A JSON document of somebody else's (a card, a catalogue) as it could last be read. */
export type Document = {
  /** The same object as long as the document is the same. */
  readonly body: JsonObject;
  /** When it was last read, or last said to be unchanged; null: it is the copy that an earlier process has kept. */
  readonly readAt: Instant | null;
  /** Why it could not be read at the last try; null: it could. */
  readonly problem: string | null;
};

/** Throws where the document is not to be used. */
export type Check = (body: JsonObject) => void;

export type Documents = {
  /** As it is known: asked for when it is older, and the last good copy serves meanwhile. Throws where there is none. */
  readonly read: (url: string, check: Check, signal?: AbortSignal, max_age_ms?: number) => Promise<Document>;
  /** Asks for it now. Throws what is wrong. */
  readonly ask: (url: string, check: Check, signal?: AbortSignal) => Promise<Document>;
  readonly known: (url: string) => Document | undefined;
};

type Cached = Document & { readonly etag: string | null; readonly checkedAt: Instant };

export type DocumentsOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: AgentLimits;
  readonly fetch: typeof fetch;
  readonly copies: AgentCopies;
};

/** Documents by ETag. Their last good copies are kept in the store, so that a process which starts meanwhile has them, too. */
export function openDocuments({ clock, logger, limits, fetch: fetchGuarded, copies }: DocumentsOptions): Documents {
  const cache = new Map<string, Cached>();

  /** What an earlier process, or another one, has read. */
  async function recall(url: string): Promise<Cached | undefined> {
    const cached = cache.get(url);
    if (cached) return cached;
    const copy = await copies.find(url).catch((error: unknown) => {
      logger.warn('The kept copy of a document could not be looked up.', { url, problem: String(error) });
      return null;
    });
    if (!copy) return cache.get(url);
    return { ...copy, readAt: null, problem: null, checkedAt: Number.NEGATIVE_INFINITY };
  }

  async function ask(url: string, check: Check, signal?: AbortSignal): Promise<Document> {
    const cached = await recall(url);
    const response = await withDeadline(clock, limits.card_timeout_ms, signal, (deadline) =>
      fetchGuarded(url, { headers: headersFor(cached), signal: deadline }),
    );
    const unchanged = response.status === 304 ? cached : undefined;
    const body = unchanged?.body ?? (await readObject(response));
    check(body);
    const etag = unchanged ? unchanged.etag : response.headers.get('etag');
    const now = clock.machine();
    const fresh: Cached = { body, etag, readAt: now, problem: null, checkedAt: now };
    keepNewest(cache, url, fresh);
    if (!unchanged) await keep(url, fresh, now);
    return fresh;
  }

  async function keep(url: string, { body, etag }: Cached, at: Instant): Promise<void> {
    try {
      await copies.keep({ url, body, etag }, at);
    } catch (error) {
      logger.warn('A copy of a document could not be kept.', { url, problem: String(error) });
    }
  }

  return {
    ask,
    known: (url) => cache.get(url),
    read: async (url, check, signal, max_age_ms = limits.card_max_age_ms) => {
      const fresh = cache.get(url);
      if (fresh && clock.machine() - fresh.checkedAt < max_age_ms) return fresh;
      try {
        return await ask(url, check, signal);
      } catch (error) {
        const copy = await recall(url);
        if (!copy) throw error;
        const problem = problemOf(error);
        logger.warn('A card or a catalogue cannot be read; its last good copy is used.', { url, problem });
        // The call itself may still succeed, and asking before every call would cost each the whole timeout.
        const stale = { ...copy, problem, checkedAt: clock.machine() };
        keepNewest(cache, url, stale);
        return stale;
      }
    },
  };
}

const headersFor = (cached: Cached | undefined): Record<string, string> => ({
  accept: 'application/json',
  [A2A_VERSION_HEADER]: A2A_PROTOCOL_VERSION,
  ...(cached?.etag ? { 'if-none-match': cached.etag } : {}),
});

async function readObject(response: Response): Promise<JsonObject> {
  if (!response.ok)
    throw new JourneyError('agent.unreachable', `answered HTTP ${response.status} to a request for what it offers`);
  const document: unknown = await response.json();
  if (!isObject(document)) throw new JourneyError('agent.unreachable', 'shows a document that is not an object');
  return document;
}
