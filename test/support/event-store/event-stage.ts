import { DAY } from '#core/time.ts';
import { openBreakers, type Breakers } from '#application/breakers.ts';
import type { EventCursors } from '#application/event-relay/cursors.ts';
import { openEventRelay, type EventRelay } from '#application/event-relay/event-relay.ts';
import type { EventStore } from '#application/event-relay/event-store.ts';
import { verifyPage, type VerifiedClient } from '#application/verify.ts';
import type { Plans } from '#application/ports.ts';
import { sleep } from '#adapters/clock.ts';
import { kurrentEventStore } from '#adapters/event-store/kurrent-event-store.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresEventCursors } from '#adapters/postgres/event-cursors.ts';
import { readFigures } from '#adapters/postgres/figures.ts';
import { postgresJourneyReader } from '#adapters/postgres/journey-reader.ts';
import { postgresVerifyStore } from '#adapters/postgres/verify-store.ts';
import { eventIdOf } from '#src/composition/event-store.ts';
import { quiet, smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';
import type { EventStoreDouble } from './event-store-double.ts';

const { plan } = playOf(smallDocument([{ id: 'sandbox', tasks: [{ id: 'work' }] }, { id: 'production' }]));

/** The relay over the journal, the real cursors and the real client, with time that the test moves. */
export type EventStage = {
  readonly clock: VirtualClock;
  readonly journal: TestJournal;
  readonly cursors: EventCursors;
  readonly breakers: Breakers;
  readonly store: EventStore;
  readonly alerts: readonly string[];
  /** One more replica, under an epoch of its own. */
  readonly replica: (epoch: number, store?: EventStore) => EventRelay;
  readonly begin: (client: string) => Promise<unknown>;
  readonly end: (client: string) => Promise<unknown>;
  /** Looks until nothing more happens by it. */
  readonly look: (relay: EventRelay) => Promise<void>;
  /** Lets time pass, and looks after each part of it. */
  readonly passing: (relay: EventRelay, time_ms: number, every_ms: number) => Promise<void>;
  readonly figures: () => Promise<{ behind: number; oldest_at: number | null; parked: number }>;
  readonly verify: () => Promise<readonly VerifiedClient[]>;
  readonly close: () => Promise<void>;
};

export async function eventStage(database: Database, double: EventStoreDouble): Promise<EventStage> {
  const clock = virtualClock();
  const journal = await openTestJournal(database, { plan, clock, destinations: [] });
  await holdAdmission(database, 1);
  await database.query(
    `insert into processes (epoch, name, started_at, lease_until) overriding system value
     select epoch, 'replica', 'epoch', 'infinity' from generate_series(1, 3) as epoch on conflict do nothing`,
  );
  const alerts: string[] = [];
  const cursors = postgresEventCursors(database);
  const breakers = openBreakers({
    store: postgresBreakerStore(database),
    policy: () => ({ enabled: true, failureThreshold: 5, timeout_ms: 60_000, probes: 3 }),
    clock,
    logger: quiet,
    raise: (alert) => void alerts.push(alert),
  });
  const open = (): EventStore =>
    kurrentEventStore({ host: '127.0.0.1', port: double.port, tls: false, caFile: null, credentials: null, sleep });
  const store = open();
  const relays: EventRelay[] = [];
  const plans: Plans = { active: () => plan, get: () => plan, ensure: () => Promise.resolve() };
  const look = async (relay: EventRelay): Promise<void> => {
    await breakers.refresh();
    relay.look();
    await relay.idle();
  };
  return {
    clock,
    journal,
    cursors,
    breakers,
    store,
    alerts,
    replica: (epoch, its = open()) => {
      const relay = openEventRelay({
        cursors,
        eventStore: its,
        breakers,
        epoch: () => epoch,
        eventId: eventIdOf,
        clock,
        logger: quiet,
        alert: (alert, message) => void alerts.push(`${alert}: ${message}`),
      });
      relays.push(relay);
      return relay;
    },
    begin: (client) => journal.do(client, start()),
    end: (client) => journal.do(client, { type: 'complete', reason: 'over' }),
    look,
    passing: async (relay, time_ms, every_ms) => {
      for (let passed = 0; passed < time_ms; passed += every_ms) {
        await clock.advance(every_ms);
        await look(relay);
      }
    },
    figures: async () =>
      (await readFigures(database, clock.journey(), { eventStore: true })).eventStore ?? {
        behind: 0,
        oldest_at: null,
        parked: 0,
      },
    verify: () =>
      verifyPage(
        {
          store: postgresVerifyStore(database),
          plans,
          clock,
          digest: cryptoIds.digest,
          eventCopy: { cursors, store, eventId: eventIdOf, versions: postgresJourneyReader(database).versions },
        },
        { after: '', limit: 200, grace_ms: DAY * 365 },
      ),
    close: async () => {
      for (const relay of relays) await relay.stop();
      await store.close();
      await journal.journal.close();
    },
  };
}
