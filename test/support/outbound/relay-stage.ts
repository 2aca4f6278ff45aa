import { openBreakers, type Breakers } from '#application/breakers.ts';
import { openRelay, type Relay } from '#application/relay/relay.ts';
import type { DeliveryResult, Destination, OutboundMessage, OutboxStore } from '#application/relay/destination.ts';
import { transitionMessages, type Subscriber } from '#core/journey/messages.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresOutboxStore } from '#adapters/postgres/outbox-store.ts';
import { quiet, smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal } from '#test/support/engine/journal.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const { plan } = playOf(smallDocument([{ id: 'sandbox', tasks: [{ id: 'work' }] }, { id: 'production' }]));

export const delivered: DeliveryResult = { type: 'delivered' };
export const failed: DeliveryResult = { type: 'retry', problem: 'HTTP 500', mayHaveArrived: true };

type Call = { readonly message: OutboundMessage; readonly at: number; readonly signal: AbortSignal };
/** A destination by script: it remembers its calls. */
export type Scripted = Destination & { readonly calls: Call[]; answer: (message: OutboundMessage) => unknown };

/** Relays over the journal and the real outbox, with destinations by script and time that the test moves. */
export type RelayStage = {
  readonly database: Database;
  readonly clock: VirtualClock;
  readonly outbox: OutboxStore;
  readonly alerts: readonly string[];
  /** As a further replica has them: of the same store, and knowing only what it has refreshed. */
  readonly breakersAnew: () => Breakers;
  /** `crm` wants every transition, any other only the end. */
  readonly scripted: (name: string, answer?: Scripted['answer']) => Scripted;
  readonly relayTo: (destinations: readonly Destination[], outbox?: OutboxStore, breakers?: Breakers) => Relay;
  /** As a stop of their processes; what they had claimed stays claimed. */
  readonly stopRelays: () => Promise<void>;
  readonly begin: (client: string) => Promise<unknown>;
  readonly end: (client: string) => Promise<unknown>;
  /** Tells the relay what has been recorded since, as the engine does after a flush. */
  readonly tell: () => void;
  readonly look: () => Promise<void>;
  /** Lets time pass, and looks after each part of it. */
  readonly passing: (time_ms: number, every_ms?: number) => Promise<void>;
  readonly states: (destination?: string) => Promise<Record<string, number>>;
  readonly close: () => Promise<void>;
};

/** The destinations that are told what the journal records; `crm` and `chat` where nobody says otherwise. */
type Told = (parts: { readonly database: Database; readonly clock: VirtualClock }) => readonly Subscriber[];

const crmAndChat: Told = () => [
  { name: 'crm', wants: transitionMessages },
  { name: 'chat', wants: ['journey.completed'] },
];

export async function relayStage(toldTo: Told = crmAndChat): Promise<RelayStage> {
  const at = await freshEmbedded();
  const clock = virtualClock();
  const engine = await openTestJournal(at.database, {
    plan,
    clock,
    destinations: toldTo({ database: at.database, clock }),
  });
  await holdAdmission(at.database, 1);
  const store = postgresOutboxStore(at.database);
  const alerts: string[] = [];
  const relays: Relay[] = [];
  const alert = (name: string, message: string): void => void alerts.push(`${name}: ${message}`);
  const breakersAnew = (): Breakers =>
    openBreakers({
      store: postgresBreakerStore(at.database),
      policy: () => plan.breaker,
      clock,
      logger: quiet,
      raise: alert,
    });
  const shared = breakersAnew();
  let told = 0;

  const look = async (): Promise<void> => {
    for (const relay of relays) relay.look();
    await Promise.all(relays.map((relay) => relay.idle()));
  };
  return {
    database: at.database,
    clock,
    outbox: store,
    alerts,
    scripted: (name, answer = () => delivered) => scriptedOn(clock, name, answer),
    breakersAnew,
    relayTo: (destinations, outbox = store, breakers = shared) => {
      const epoch = relays.length + 1;
      const relay = openRelay({ destinations, outbox, breakers, epoch: () => epoch, clock, logger: quiet, alert });
      relays.push(relay);
      return relay;
    },
    stopRelays: async () => {
      await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    },
    begin: (client) => engine.do(client, start()),
    end: (client) => engine.do(client, { type: 'complete', reason: 'over' }),
    tell: () => {
      const recordings = engine.recordings.slice(told, (told = engine.recordings.length));
      for (const relay of relays) relay.recorded(recordings);
    },
    look,
    passing: async (time_ms, every_ms = time_ms) => {
      for (let passed = 0; passed < time_ms; passed += every_ms) {
        await clock.advance(every_ms);
        await look();
      }
    },
    states: async (destination = 'crm') => {
      const rows = await at.database.query<{ state: string; count: number }>(
        'select state, count(*)::int as count from outbox where destination = $1 group by state',
        [destination],
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },
    close: async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
      await engine.journal.close();
      await at.drop();
    },
  };
}

function scriptedOn(clock: VirtualClock, name: string, answer: Scripted['answer']): Scripted {
  const calls: Call[] = [];
  const destination: Scripted = {
    name,
    wants: name === 'crm' ? transitionMessages : ['journey.completed'],
    calls,
    answer,
    deliver: async (message, signal) => {
      calls.push({ message, at: clock.machine(), signal });
      return (await destination.answer(message)) as DeliveryResult;
    },
  };
  return destination;
}
