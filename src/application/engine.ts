import { intentKey, type Breakers } from './breakers.ts';
import { admissionOf, type AdmissionStore } from './admission.ts';
import type { RaiseAlert } from './alerts.ts';
import { openDeadlines } from './deadlines.ts';
import { evaluateExits, type DueChecks, type EvaluateDependencies } from './ticks/evaluate-exits.ts';
import { openDispatcher, type Dispatcher, type WaitingRoom } from './dispatcher.ts';
import { openJournal, type Journal } from './journal.ts';
import { narrate } from './narrate.ts';
import type { Meter } from './meter.ts';
import type { AgentGateway, Clock, Ids, InProcessAgent, JournalStore, Logger, Plans, Recording } from './ports.ts';
import { alertWhatWasRecorded } from './recorded-alerts.ts';
import { learnFrom } from './task-calls.ts';
import type { Process } from './process.ts';
import type { Destination, OutboxStore } from './relay/destination.ts';
import { openRelay } from './relay/relay.ts';
import { tracedJournal } from './traced.ts';
import type { Tracer } from './tracer.ts';
import type { EventRelay } from './event-relay/event-relay.ts';

/** The journal and what lives on what it records: dispatcher, relay, admission, and the looks at what is due. */
export type Engine = {
  readonly journal: Journal;
  /** Admits those whose turn it is. */
  readonly admit: () => Promise<void>;
  /** Learns what other processes know about what is down; also one that does no work itself hands tasks out. */
  readonly lookAtBreakers: () => Promise<void>;
  /** Continues what nobody continues. */
  readonly look: () => Promise<void>;
  /** Delivers what is due. */
  readonly relay: () => void;
  /** Judges the journeys that are due; answers how many. */
  readonly evaluate: () => Promise<number>;
  /** Something may have happened to a task at an agent. False: there is no such task. */
  readonly wake: Dispatcher['wake'];
  readonly stop: () => Promise<void>;
};

export type EngineParts = {
  readonly store: JournalStore;
  readonly admissionStore: AdmissionStore;
  readonly room: WaitingRoom;
  readonly breakers: Breakers;
  readonly checks: DueChecks;
  readonly load: EvaluateDependencies['load'];
  readonly plans: Plans;
  readonly gateway: AgentGateway;
  readonly functions: { readonly [intent: string]: InProcessAgent };
  readonly process: Process;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly raise: RaiseAlert;
  /** false: it records what callers want, but claims, admits and dispatches nothing (S1). */
  readonly enabled: boolean;
  readonly workerPoolSize: number;
  readonly outbox: OutboxStore;
  readonly destinations: readonly Destination[];
  readonly meter: Pick<Meter, 'recorded' | 'flushed'>;
  /** Null: there is no event store. */
  readonly eventRelay: Pick<EventRelay, 'recorded' | 'stop'> | null;
  /** Null: nothing is traced. */
  readonly tracer: Tracer | null;
};

export async function openEngine(parts: EngineParts): Promise<Engine> {
  const { plans, gateway, breakers, process, clock, ids, logger, enabled, tracer } = parts;
  const deadlines = openDeadlines(clock, parts.raise);
  // What the system does by itself begins a trace of its own.
  const requestId = tracer ? tracer.begin : requestIds(process.epoch, ids);
  const admission = admissionOf(parts.admissionStore, plans, clock, logger, process);
  let journal: Journal | undefined;
  const opened = (): Journal => {
    if (!journal) throw new Error('The journal is not open yet.');
    return journal;
  };
  const dispatcher = openDispatcher({
    ...parts,
    journal: opened,
    epoch: process.epoch,
    requestId,
    poolSize: parts.workerPoolSize,
  });
  // Whoever was asleep beyond the lease wakes under an epoch that others have buried: nothing is begun under that one.
  const relay = openRelay({ ...parts, epoch: process.epoch, alert: parts.raise });
  const admit = async (): Promise<void> => {
    if (!process.holdsLease()) return;
    const waiting = await admission.look();
    const command = { type: 'admit' } as const;
    await Promise.all(
      waiting.map((clientId) =>
        opened().submit({ clientId, command, actor: 'system', door: 'scheduler', requestId: requestId() }),
      ),
    );
  };

  function onRecorded(recordings: readonly Recording[]): void {
    narrate(logger, recordings);
    alertWhatWasRecorded(recordings, parts.raise);
    // Claimers may hand their results to a process that does no work itself.
    learnFrom(recordings, parts);
    parts.meter.recorded(recordings, clock.journey());
    if (!enabled) return;
    dispatcher.recorded(recordings);
    relay.recorded(recordings);
    parts.eventRelay?.recorded(recordings);
    // A place that became free is given away at once, not at the next look.
    if (recordings.some(({ before, journey }) => before?.holdsSlot === true && !journey.holdsSlot))
      admit().catch((error: unknown) => logger.warn('Admitting journeys failed.', { error: String(error) }));
  }

  const untraced = await openJournal({
    ...parts,
    admission,
    deadlines,
    route: gateway.route,
    owner: {
      epoch: process.epoch,
      room: () => (enabled && process.holdsLease() ? dispatcher.room() : 0),
      follows: () => enabled,
    },
    isHeldBack: (intent) => breakers.isOpen(intentKey(intent)),
    onRecorded,
  });
  const known = tracer ? tracedJournal(untraced, tracer) : untraced;
  journal = known;
  if (enabled) await admit();
  return {
    journal: known,
    admit,
    look: async () => {
      if (process.holdsLease()) await dispatcher.look();
    },
    relay: relay.look,
    lookAtBreakers: breakers.refresh,
    // Whoever does no work itself leaves it to those who do: they poll.
    wake: async (attempt) => !enabled || dispatcher.wake(attempt),
    evaluate: () =>
      evaluateExits({ ...parts, ids: tracer ? { ...ids, random: tracer.begin } : ids, deadlines, journal: opened() }),
    stop: async () => {
      await Promise.all([dispatcher.stop(), relay.stop(), parts.eventRelay?.stop()]);
      await opened().close();
      deadlines.stop();
    },
  };
}

/** Unique as long as the epoch is: how the journal recognises its own commits. */
function requestIds(epoch: () => number, ids: Ids): () => string {
  const series = ids.random().slice(0, 6);
  let count = 0;
  return () => {
    count += 1;
    return `e${epoch()}-${series}-${count}`;
  };
}
