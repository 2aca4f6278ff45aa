import type { RaiseAlert } from '#application/alerts.ts';
import type { Breakers } from '#application/breakers.ts';
import { EVENT_STORE, streamOf, type EventStore } from '#application/event-relay/event-store.ts';
import { openEventRelay, type EventRelay } from '#application/event-relay/event-relay.ts';
import type { EventCopy } from '#application/event-relay/verify-stream.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { Probe } from '#application/probes.ts';
import { sleep } from '#adapters/clock.ts';
import { kurrentEventStore } from '#adapters/event-store/kurrent-event-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresEventCursors } from '#adapters/postgres/event-cursors.ts';
import { postgresJourneyReader } from '#adapters/postgres/journey-reader.ts';
import { uuid5 } from '#adapters/agents/uuid5.ts';
import type { EventStoreSettings, Settings } from '#settings/settings.ts';

/** Ours, drawn once: a new one would make every event of every stream look like another one. */
const NAMESPACE = '5f1c2a52-3d0e-4c3b-9b6a-0f6a1e7d9c84';

export const eventIdOf = (clientId: string, seq: number): string => uuid5(NAMESPACE, JSON.stringify([clientId, seq]));

export type EventStoreParts = {
  readonly database: Database;
  readonly breakers: Breakers;
  readonly epoch: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly raise: RaiseAlert;
};

/** The copy of the events; null: the settings name no event store. */
export function openEventCopy(
  { eventStore }: Settings,
  { database, breakers, epoch, clock, logger, raise }: EventStoreParts,
): { readonly copy: EventCopy; readonly relay: EventRelay } | null {
  if (eventStore === null) return null;
  const cursors = postgresEventCursors(database);
  const store = storeOf(eventStore);
  const versions = postgresJourneyReader(database).versions;
  return {
    copy: { cursors, store, eventId: eventIdOf, versions },
    relay: openEventRelay({
      cursors,
      eventStore: store,
      breakers,
      epoch,
      eventId: eventIdOf,
      clock,
      logger,
      alert: raise,
    }),
  };
}

const storeOf = ({ host, port, tls, caFile, user, password }: EventStoreSettings): EventStore =>
  kurrentEventStore({
    host,
    port,
    tls,
    caFile,
    credentials: user === null || password === null ? null : { username: user, password },
    sleep,
  });

/** What readiness says of it: journeys do not wait for it, so that without it this process is as ready as with it. */
export const eventStoreCheck = ({ eventStore }: Settings, breakers: Pick<Breakers, 'isOpen'>): string | null =>
  eventStore === null ? null : breakers.isOpen(EVENT_STORE) ? 'down: events are kept and copied later' : 'ok';

/** Looks whether the event store answers, and whether streams have stopped. */
export function eventStoreProbe({ eventStore }: Settings, copy: EventCopy | null): Probe {
  return {
    name: 'event store',
    look: async () => {
      if (eventStore === null || copy === null)
        return [{ state: 'off', said: 'JOURNEY_EVENT_STORE is postgresql: events are in the journal alone.' }];
      try {
        await copy.store.last(streamOf('.'));
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        const hint =
          'Nothing is lost: events are kept, and copied when it is back. Look at the server, and at its user.';
        return [{ state: 'failed', said, hint }];
      }
      const parked = await copy.cursors.parkedCount();
      return [
        { state: 'ok', said: `${eventStore.host}:${eventStore.port} answers.` },
        ...(parked === 0
          ? []
          : [
              {
                state: 'warning' as const,
                said: `${parked} streams have stopped.`,
                hint: 'journey-cli verify says which and why; event-stream resume lets one go on.',
              },
            ]),
      ];
    },
  };
}
