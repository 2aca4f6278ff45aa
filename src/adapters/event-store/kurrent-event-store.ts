import type { KurrentDBClient, ResolvedEvent } from '@kurrent/kurrentdb-client';
import { JourneyError } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { AppendOutcome, EventStore, ReadEvent } from '#application/event-relay/event-store.ts';

export type KurrentOptions = {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** A file with the certificates that are trusted besides the system's. */
  readonly caFile: string | null;
  /** Null: whoever reaches the server may use it; the client sends a user's name over encrypted connections only. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly sleep: (wait_ms: number, signal?: AbortSignal) => Promise<void>;
};

/** No answer within this is none. The client's own deadline does not cover every call. */
const DEADLINE_MS = 10 * SECOND;

/** What the client's errors of this kind say is about these events or their stream, and will not be otherwise tomorrow. */
const REFUSALS: ReadonlySet<string> = new Set([
  'maximum-append-size-exceeded',
  'append-record-size-exceeded',
  'transaction-max-size-exceeded',
  'stream-deleted',
  'stream-tombstoned',
  'invalid-argument',
]);

/**
 * KurrentDB (EventStoreDB until 2024) by its own client. The client brings gRPC and a native bridge for reads: it is loaded
 * when it is first needed, so that whoever has no event store does not pay for it.
 */
export function kurrentEventStore(options: KurrentOptions): EventStore {
  const { credentials, sleep } = options;
  let opened: Promise<KurrentDBClient> | undefined;
  const client = (): Promise<KurrentDBClient> => (opened ??= open(options));
  const asUser = credentials ? { credentials } : {};

  /** A call that is not answered may have broken its connection: the next one opens another. */
  async function call<T>(what: (client: KurrentDBClient) => Promise<T>): Promise<T> {
    const ended = new AbortController();
    const outOfTime = async (): Promise<never> => {
      await sleep(DEADLINE_MS, ended.signal);
      if (ended.signal.aborted) return new Promise(() => undefined);
      renew();
      throw unavailable(options, `no answer within ${DEADLINE_MS / SECOND} s`);
    };
    try {
      return await Promise.race([client().then(what), outOfTime()]);
    } finally {
      ended.abort();
    }
  }

  function renew(): void {
    const old = opened;
    opened = undefined;
    void old?.then((one) => one.dispose()).catch(() => undefined);
  }

  async function outcomeOf(append: (client: KurrentDBClient) => Promise<unknown>): Promise<AppendOutcome> {
    try {
      await call(append);
      return { type: 'appended' };
    } catch (error) {
      const kind = kindOf(error);
      if (kind === 'wrong-expected-version') return { type: 'unexpected' };
      if (REFUSALS.has(kind)) return { type: 'refused', problem: saidBy(error) };
      throw unavailable(options, saidBy(error));
    }
  }

  async function readAll(
    stream: string,
    how: Parameters<KurrentDBClient['readStream']>[1],
  ): Promise<readonly ReadEvent[]> {
    try {
      return await call(async (to) => {
        const events: ReadEvent[] = [];
        for await (const resolved of to.readStream(stream, { ...asUser, ...how })) events.push(...eventIn(resolved));
        return events;
      });
    } catch (error) {
      if (kindOf(error) === 'stream-not-found') return [];
      throw unavailable(options, saidBy(error));
    }
  }

  return {
    append: (stream, after, events) =>
      outcomeOf(async (to) => {
        const { jsonEvent } = await import('@kurrent/kurrentdb-client');
        const streamState = after === null ? 'no_stream' : BigInt(after);
        await to.appendToStream(
          stream,
          events.map((event) => jsonEvent(event)),
          { ...asUser, streamState },
        );
      }),
    last: async (stream) =>
      (await readAll(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 })).at(0) ?? null,
    read: (stream, from, limit) =>
      readAll(stream, { direction: 'forwards', fromRevision: BigInt(from), maxCount: limit }),
    truncateBefore: async (stream, revision) => {
      const outcome = await outcomeOf((to) => to.setStreamMetadata(stream, { truncateBefore: revision }, asUser));
      if (outcome.type !== 'appended') throw unavailable(options, `it does not forget the beginning of ${stream}`);
    },
    close: async () => {
      const old = opened;
      opened = undefined;
      await old?.then((one) => one.dispose()).catch(() => undefined);
    },
  };
}

async function open({ host, port, tls, caFile }: KurrentOptions): Promise<KurrentDBClient> {
  const { KurrentDBClient } = await import('@kurrent/kurrentdb-client');
  const query = new URLSearchParams({ tls: String(tls), defaultDeadline: String(DEADLINE_MS) });
  if (tls && caFile !== null) query.set('tlsCAFile', caFile);
  return KurrentDBClient.connectionString(`kurrentdb://${host}:${port}?${query.toString()}`);
}

/** Revisions are bigint, which JSON does not know. */
const eventIn = ({ event }: ResolvedEvent): readonly ReadEvent[] =>
  event
    ? [
        {
          revision: Number(event.revision),
          id: event.id,
          type: event.type,
          data: event.data as Json,
          metadata: (event.metadata ?? null) as Json,
        },
      ]
    : [];

const kindOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';

const saidBy = (error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error);
  return said === '' ? kindOf(error) : said;
};

const unavailable = ({ host, port }: KurrentOptions, problem: string): JourneyError =>
  new JourneyError(
    'event_store.unavailable',
    `The event store at ${host}:${port} cannot be used: ${problem}`,
    'Look at the server, JOURNEY_EVENT_STORE_HOST, _PORT and _TLS, and at what JOURNEY_EVENT_STORE_USER may do there.',
  );
