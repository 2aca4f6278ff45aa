import { JourneyError } from '#core/errors.ts';
import type { Breakers } from '../breakers.ts';
import type { Logger, Recording } from '../ports.ts';
import type { EventCursor } from './cursors.ts';
import { EVENT_STORE } from './event-store.ts';
import { LEASE_MS, relayClient, type RelayClientParts } from './relay-client.ts';

/**
 * Copies the journal's events to the event store, in order and without a gap in each stream. It lives on what is recorded
 * anyway: nothing is written with an event, and journeys never wait for it.
 */
export type EventRelay = {
  /** What has just become fact is copied at once. */
  readonly recorded: (recordings: readonly Recording[]) => void;
  /** Looks for what nobody has told of: what others have recorded, what the dead had claimed, what an outage has left. */
  readonly look: () => void;
  /** Resolves when nothing is under way and nothing that it has heard of is left. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type EventRelayParts = Omit<RelayClientParts, 'closing'> & {
  readonly breakers: Pick<Breakers, 'isOpen' | 'mayProbe' | 'probe' | 'report'>;
  readonly logger: Logger;
};

/** Clients under way at once, a process. */
const CONCURRENCY = 4;
/** Clients of whom it was told; whoever does not fit is found by a look. */
const TOLD = 10_000;
/** Clients that one look goes through: its cost does not grow with their number, only how long a whole round takes. */
const EXAMINED = 2_000;

export function openEventRelay({ breakers, logger, ...given }: EventRelayParts): EventRelay {
  const closing = new AbortController();
  const parts: RelayClientParts = { ...given, closing: closing.signal };
  const { cursors, epoch, clock } = parts;
  const told = new Set<string>();
  let after = '';
  let mayExamine = false;
  let probes = 0;
  let running: Promise<void> | undefined;
  /** The last round could not do what it wanted: the next look tries again, and nobody sooner. */
  let failed = false;

  function ring(): void {
    if (closing.signal.aborted) return;
    running ??= goRound()
      .catch((error: unknown) => {
        failed = true;
        logger.warn('Events could not be copied.', { error: messageOf(error) });
      })
      .finally(() => {
        running = undefined;
        if (told.size > 0 && !breakers.isOpen(EVENT_STORE) && !failed) ring();
      });
  }

  const mayGoOn = (): boolean => !closing.signal.aborted && !failed;

  async function goRound(): Promise<void> {
    failed = false;
    while (mayGoOn()) {
      if (breakers.isOpen(EVENT_STORE)) return probe();
      if (told.size === 0 && !(await examine())) return;
      const claimed = await claim(CONCURRENCY);
      await Promise.all(claimed.map((cursor) => copy(cursor, cursor.clientId)));
    }
  }

  /** While it is taken to be down, one client at a time finds out whether it is back. */
  async function probe(): Promise<void> {
    if (!breakers.mayProbe(EVENT_STORE)) return;
    if (told.size === 0 && !(await examine())) return;
    const id = `${epoch()}:${(probes += 1)}`;
    if (!(await breakers.probe(EVENT_STORE, id, clock.machine() + LEASE_MS))) return;
    const [cursor] = await claim(1);
    if (cursor) await copy(cursor, id);
    else await breakers.report(EVENT_STORE, id, 'nothing');
  }

  async function claim(limit: number): Promise<readonly EventCursor[]> {
    const clientIds = told.values().take(limit).toArray();
    for (const id of clientIds) told.delete(id);
    const machineNow = clock.machine();
    return cursors.claim({ clientIds, epoch: epoch(), machineNow, leaseUntil: machineNow + LEASE_MS });
  }

  async function copy(cursor: EventCursor, call: string): Promise<void> {
    try {
      if (await relayClient(cursor, parts)) keep(cursor.clientId);
      await breakers.report(EVENT_STORE, call, 'answered');
    } catch (error) {
      failed = true;
      keep(cursor.clientId);
      logger.warn('Events of a client could not be copied; they are kept and tried again.', {
        client_id: cursor.clientId,
        error: messageOf(error),
      });
      // Our own database says nothing about the event store.
      const isTheirs = error instanceof JourneyError && error.code === 'event_store.unavailable';
      await breakers.report(EVENT_STORE, call, isTheirs ? 'failed' : 'nothing');
    }
  }

  /** Whether the next part of the clients holds some that are behind. Once a look, until it has found some. */
  async function examine(): Promise<boolean> {
    if (!mayExamine) return false;
    const { clientIds, next } = await cursors.behind(after, EXAMINED);
    mayExamine = clientIds.length > 0 && next !== null;
    after = next ?? '';
    for (const id of clientIds) keep(id);
    return clientIds.length > 0;
  }

  function keep(clientId: string): void {
    if (told.size < TOLD) told.add(clientId);
  }

  const idle = async (): Promise<void> => {
    for (let round = running; round; round = running) await round;
  };
  return {
    recorded: (recordings) => {
      for (const { clientId } of recordings) keep(clientId);
      ring();
    },
    look: () => {
      mayExamine = true;
      ring();
    },
    idle,
    stop: async () => {
      closing.abort();
      await idle();
      await parts.eventStore.close();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
