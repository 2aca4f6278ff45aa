import { randomUUID } from 'node:crypto';
import { isRefusal, type Refusal } from '#core/errors.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import { transitionMessages, type Subscriber } from '#core/journey/messages.ts';
import type { World } from '#core/journey/draft.ts';
import type { Plan } from '#core/plan.ts';
import type { Admission } from '#application/admission.ts';
import type { RaiseAlert } from '#application/alerts.ts';
import { openDeadlines } from '#application/deadlines.ts';
import {
  openJournal,
  type Journal,
  type JournalLimits,
  type Submission,
  type Submitted,
} from '#application/journal.ts';
import { noMeter } from '#application/meter.ts';
import type { Clock, JournalStore, Plans, Recording } from '#application/ports.ts';
import { cryptoIds } from '#adapters/ids.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresJournalStore } from '#adapters/postgres/journal-store.ts';
import { readJourneys } from '#adapters/postgres/journey-reader.ts';
import { quiet } from './fixtures.ts';
import { T0 } from './play.ts';

export type TestJournal = {
  readonly journal: Journal;
  readonly submit: (clientId: string, command: Command, more?: Partial<Submission>) => Promise<Submitted | Refusal>;
  /** Throws on a refusal. */
  readonly do: (clientId: string, command: Command, more?: Partial<Submission>) => Promise<Submitted>;
  /** As the store has it. */
  readonly stored: (clientId: string) => Promise<Journey | null>;
  /** What the next decisions see; to be changed by the test. */
  readonly world: {
    now: number;
    epoch: number;
    hasRoom: boolean;
    mayAdmit: boolean;
    route: World['route'];
    isHeldBack: World['isHeldBack'];
  };
  readonly recordings: Recording[];
};

export type TestJournalOptions = {
  readonly plan: Plan;
  readonly limits?: Partial<JournalLimits>;
  readonly admission?: Admission;
  readonly store?: (store: JournalStore) => JournalStore;
  readonly clock?: Clock;
  readonly destinations?: readonly Subscriber[];
  readonly raise?: RaiseAlert;
};

/** Nobody waits, but whatever else is to be done has its turn. */
export const noSleep = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The journal over a store, without the rest of the orchestrator: nobody does the tasks, and time is the test's. */
export async function openTestJournal(database: Database, options: TestJournalOptions): Promise<TestJournal> {
  const { plan } = options;
  const world: TestJournal['world'] = {
    now: T0,
    epoch: 1,
    hasRoom: true,
    mayAdmit: true,
    route: () => 'in_process',
    isHeldBack: () => false,
  };
  const plans: Plans = { active: () => plan, get: () => plan, ensure: () => Promise.resolve() };
  const real = postgresJournalStore(database, plans.get);
  const recordings: Recording[] = [];
  const limits: JournalLimits = { lanes: 2, batch: 500, queue: 20_000, cache: 5_000, ...options.limits };
  const clock = options.clock ?? {
    journey: () => world.now,
    machine: () => world.now,
    sleep: noSleep,
  };
  const deadlines = openDeadlines(clock, options.raise ?? (() => undefined));
  const journal = await openJournal(
    {
      meter: noMeter,
      store: options.store?.(real) ?? real,
      plans,
      clock,
      deadlines,
      ids: cryptoIds,
      logger: quiet,
      admission: options.admission ?? openDoor(world),
      route: (intent) => world.route(intent),
      isHeldBack: (intent) => world.isHeldBack(intent),
      owner: { epoch: () => world.epoch, room: () => (world.hasRoom ? 1_000 : 0), follows: () => true },
      destinations: options.destinations ?? [{ name: 'crm', wants: transitionMessages }],
      onRecorded: (batch) => void recordings.push(...batch),
    },
    limits,
  );
  const submit: TestJournal['submit'] = (clientId, command, more = {}) =>
    journal.submit({ clientId, command, actor: 'olga', door: 'rest', requestId: randomUUID(), ...more });
  const close = async (): Promise<void> => {
    await journal.close();
    deadlines.stop();
  };
  return {
    journal: { ...journal, close },
    submit,
    do: async (clientId, command, more) => {
      const answer = await submit(clientId, command, more);
      if (isRefusal(answer)) throw new Error(`${command.type} was refused: ${answer.refused}: ${answer.message}`);
      return answer;
    },
    stored: async (clientId) => (await readJourneys(database, [clientId])).get(clientId) ?? null,
    world,
    recordings,
  };
}

const openDoor = (world: { readonly mayAdmit: boolean }): Admission => ({
  mayAdmit: () => world.mayAdmit,
  taken: () => undefined,
  recorded: () => undefined,
  returned: () => undefined,
  lost: () => undefined,
  look: () => Promise.resolve([]),
});

/** The admission belongs to these epochs' holder; without it no recording admits anybody. */
export const holdAdmission = (database: Database, epoch: number | null): Promise<unknown> =>
  database.query('update admission set holder = $1 where id = 1', [epoch]);

export type EventRow = { readonly client_id: string; readonly seq: number; readonly type: string };

export const eventsOf = (database: Database, clientId?: string): Promise<EventRow[]> =>
  database.query<EventRow>(
    'select client_id, seq, type from journey_events where $1::text is null or client_id = $1 order by client_id, seq',
    [clientId ?? null],
  );

/** Where evidence of one kind stands in the book is not part of what a journey is. */
export const inOrder = (journey: Journey | null): Journey | null =>
  journey && {
    ...journey,
    evidence: Object.fromEntries(
      Object.entries(journey.evidence).map(([kind, seen]) => [
        kind,
        seen.toSorted((a, b) => `${a.subject} ${a.origin}`.localeCompare(`${b.subject} ${b.origin}`)),
      ]),
    ),
  };
