import { JourneyError, refuse, type Refusal } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { World } from '#core/journey/draft.ts';
import type { Journey } from '#core/journey/journey.ts';
import { aggregates } from './aggregates.ts';
import { decideBatch, type Reach } from './decide-batch.ts';
import { giveUpLate } from './give-up.ts';
import { isPersistent, isUnavailable, unavailable } from './lane-failures.ts';
import { keyName, recordingOf, requestOf, unsettled, type Item, type Known, type Part } from './flush-part.ts';
import type { JournalDependencies, JournalLimits, JournalStats, Submission, Submitted } from './journal.ts';
import type { JournalLane, WriteContext, WriteOutcome } from './ports.ts';
import { timeoutsOf } from './timeouts.ts';
import { turns } from './turns.ts';

/** One connection, one queue, one flush at a time. A client's commands are in one lane and in order. */
export type Lane = {
  readonly submit: (submission: Submission) => Promise<Submitted | Refusal>;
  readonly waiting: () => number;
  readonly stats: () => JournalStats;
  readonly close: () => Promise<void>;
};

/** How often a command may lose its race before its caller is told that the journey is too busy. */
const MAX_TRIES = 50;
/** How often a statement of unknown outcome is run again before its callers are told that nobody knows. */
const MAX_REPEATS = 5;
/** How long an answer is waited for after a connection broke, before the caller is told that nobody knows. */
const RECONNECT_FOR_MS = 20 * SECOND;
const TRY_AGAIN_AFTER_MS = SECOND;

export async function openLane(dependencies: JournalDependencies, limits: JournalLimits): Promise<Lane> {
  const { store, plans, clock, ids, logger, admission, owner, route, isHeldBack, deadlines } = dependencies;
  const timeouts = timeoutsOf(deadlines, plans, clock);
  const closing = new AbortController();
  const warm = aggregates(limits.cache);
  let lane: JournalLane = await store.openLane();
  const queue = turns<Item>({
    clientOf: ({ submission }) => submission.clientId,
    begins: ({ submission }) => submission.command.type === 'start',
  });
  /** Taken for the flush under way and put back: not failed with it. */
  let putBack = new Set<Item>();
  let flushing: Promise<void> | undefined;
  const count = { flushes: 0, commands: 0, conflicts: 0, ambiguous: 0 };

  function kick(): void {
    if (flushing || queue.size() === 0) return;
    // Everything that is submitted in this turn of the event loop joins the same flush.
    flushing = new Promise<void>((done) => void setImmediate(done)).then(flush).finally(() => {
      flushing = undefined;
      kick();
    });
  }

  async function flush(): Promise<void> {
    const batch = queue.take(limits.batch);
    putBack = new Set();
    const begun = clock.machine();
    const conflictsBefore = count.conflicts;
    count.flushes += 1;
    count.commands += batch.length;
    let parts: readonly Part[] = [];
    try {
      const world = worldNow();
      const known = await loadSurely(batch);
      const decided = decideBatch(reach(), unsettled(batch, known), known, world);
      parts = decided.parts;
      comeAgain(decided.again);
      await write(parts, contextOf(world));
    } catch (error) {
      // The next flush connects anew: a store that stays away must end neither this lane nor the process.
      failAll(batch, parts, error);
    }
    dependencies.meter.flushed({
      commands: batch.length,
      conflicts: count.conflicts - conflictsBefore,
      took_ms: clock.machine() - begun,
    });
  }

  const reach = (): Reach => ({ warm, plans, admission, logger, timeouts, room: owner.room() });

  const worldNow = (): World => ({
    plan: plans.active(),
    active: plans.active(),
    now: clock.journey(),
    machineNow: clock.machine(),
    since: clock.machine(),
    overtime: () => false,
    epoch: owner.epoch(),
    hasRoom: false,
    mayAdmit: false,
    route,
    isHeldBack,
    digest: ids.digest,
  });

  const contextOf = ({ now, machineNow, epoch }: World): WriteContext => ({
    now,
    machineNow,
    epoch,
    follower: owner.follows() ? epoch : null,
    destinations: dependencies.destinations,
    dueAt: now + plans.active().baseInterval_ms,
  });

  /** Nothing is written yet: a connection that broke is made anew, and the question asked again. */
  async function loadSurely(batch: readonly Item[]): Promise<Known> {
    try {
      return await load(batch);
    } catch (error) {
      await connectAgain(error);
      return load(batch);
    }
  }

  async function load(batch: readonly Item[]): Promise<Known> {
    const missing = new Set<string>();
    for (const { fresh, submission } of batch) {
      const { clientId, command } = submission;
      if (fresh) warm.drop(clientId);
      // A first start is an insert that does nothing where the client exists: it needs no look beforehand.
      if (fresh || (command.type !== 'start' && !warm.get(clientId))) missing.add(clientId);
    }
    const keyed = batch.flatMap(({ submission: { clientId, key } }) => (key ? [{ clientId, ...key }] : []));
    const tried = batch.filter(({ unknown }) => unknown).map(requestOf);
    const journeys = missing.size > 0 ? await lane.load([...missing]) : new Map<string, Journey>();
    const answers = keyed.length > 0 ? await lane.answers(keyed) : [];
    const recorded = tried.length > 0 ? await lane.recorded(tried) : new Set<string>();
    const hashes = [...journeys.values()].map(({ configHash }) => configHash);
    await plans.ensure(hashes);
    return {
      journeys,
      loaded: missing,
      recorded,
      answers: new Map(answers.map((answer) => [keyName(answer.clientId, answer), answer])),
    };
  }

  async function write(parts: readonly Part[], context: WriteContext, repeats = 0): Promise<void> {
    if (parts.length === 0) return;
    let outcome: WriteOutcome;
    let earlier: ReadonlySet<string> = new Set();
    try {
      const within_ms = timeouts.within_ms(parts, clock.machine());
      outcome = await lane.write(parts.map(recordingOf), { ...context, within_ms });
      if (repeats > 0) earlier = await recordedEarlier(parts, outcome);
    } catch (error) {
      return writeAgain(parts, context, repeats, error);
    }
    const facts = parts.map((part) => (earlier.has(part.clientId) ? (part.first ?? part) : part));
    settleParts(facts, new Set([...outcome.won, ...earlier]), outcome.holdsAdmission || earlier.size > 0);
    // What was recorded by an earlier try may have been moved on by others since.
    for (const clientId of earlier) warm.drop(clientId);
  }

  /**
   * Ambiguous: the connection broke between our statement and its answer. Running the same guarded statement again tells:
   * its row locks wait for the old transaction, and who loses then finds its request among the events, or was never
   * recorded. Refused: the batch is taken apart until the client whose data is at fault stands alone.
   */
  async function writeAgain(
    parts: readonly Part[],
    context: WriteContext,
    repeats: number,
    error: unknown,
  ): Promise<void> {
    const failure = lane.failureOf(error);
    if (failure === 'refused') {
      if (parts.length === 1) return setApart(parts[0] as Part, error);
      const half = parts.length >> 1;
      await write(parts.slice(0, half), context, repeats);
      return write(parts.slice(half), context, repeats);
    }
    if (failure === 'conflict' && repeats === 0) return settleParts(parts, new Set(), true);
    if (repeats === MAX_REPEATS) throw error;
    if (failure === 'ambiguous') {
      count.ambiguous += 1;
      await connectAgain(error);
    }
    const world = worldNow();
    const inTime = parts.map((part) => giveUpLate(reach(), part, world));
    return write(inTime, context, repeats + 1);
  }

  /** Of those who lost: the clients whose requests an earlier try of the same statement has recorded. */
  async function recordedEarlier(parts: readonly Part[], { won }: WriteOutcome): Promise<ReadonlySet<string>> {
    const losers = parts.filter(({ clientId }) => !won.has(clientId));
    const requests = losers.flatMap(({ done }) => done.map(({ item }) => requestOf(item)));
    const recorded = requests.length > 0 ? await lane.recorded(requests) : new Set<string>();
    const found = losers.filter(({ done }) => done.some(({ item }) => recorded.has(item.submission.requestId)));
    return new Set(found.map(({ clientId }) => clientId));
  }

  function settleParts(parts: readonly Part[], won: ReadonlySet<string>, holdsAdmission: boolean): void {
    if (!holdsAdmission) admission.lost();
    for (const part of parts) part.settled = true;
    const winners = parts.filter(({ clientId }) => won.has(clientId));
    for (const { journey, admits: admitted } of winners) {
      if (journey) warm.keep(journey);
      if (admitted) admission.recorded();
    }
    for (const part of winners) {
      timeouts.entered(part);
      for (const { item } of part.done) timeouts.ended(item);
    }
    dependencies.onRecorded(winners.map(recordingOf));
    for (const { done } of winners) for (const { item, submitted } of done) item.resolve(submitted);
    const losers = parts.filter(({ clientId }) => !won.has(clientId));
    count.conflicts += losers.length;
    for (const part of losers) {
      warm.drop(part.clientId);
      if (part.admits) admission.returned();
    }
    decideAgain(losers.flatMap(({ done }) => done.map(({ item }) => item)));
  }

  function comeAgain(items: readonly Item[]): void {
    for (const item of items) putBack.add(item);
    queue.putBack(items);
  }

  function decideAgain(items: readonly Item[]): void {
    const [tired, others] = [
      items.filter((item) => item.tries >= MAX_TRIES && !isPersistent(item)),
      items.filter((item) => item.tries < MAX_TRIES || isPersistent(item)),
    ];
    for (const item of tired)
      item.resolve(
        refuse(
          'orchestrator.overloaded',
          `${item.submission.clientId} changes too fast to be written.`,
          'Try again in a few seconds.',
        ),
      );
    for (const item of others) {
      item.fresh = true;
      item.tries += 1;
    }
    comeAgain(others);
  }

  async function connectAgain(error: unknown): Promise<void> {
    if (lane.failureOf(error) !== 'ambiguous') return;
    const until = clock.machine() + RECONNECT_FOR_MS;
    await lane.close().catch(() => undefined);
    for (let wait_ms = 50; ; wait_ms = Math.min(wait_ms * 2, SECOND)) {
      try {
        lane = await store.openLane();
        return;
      } catch (problem) {
        if (clock.machine() + wait_ms > until) throw unavailable(problem);
        await clock.sleep(wait_ms);
      }
    }
  }

  function setApart(part: Part, error: unknown): void {
    part.settled = true;
    warm.drop(part.clientId);
    if (part.admits) admission.returned();
    logger.error('A recording was refused by the store; its commands are set apart.', {
      client_id: part.clientId,
      error: String(error),
    });
    for (const { item } of part.done) item.reject(error);
  }

  function failAll(batch: readonly Item[], parts: readonly Part[], error: unknown): void {
    // Whether an admission was recorded is not known: its place weighs until the next count.
    for (const { settled, admits: admitted } of parts) if (!settled && admitted) admission.recorded();
    for (const item of batch) {
      if (putBack.has(item)) continue;
      warm.drop(item.submission.clientId);
      if (isPersistent(item) && isUnavailable(error) && !closing.signal.aborted) {
        tryLater(item);
        continue;
      }
      // Settled promises ignore this: only those whose outcome is unknown are told so.
      item.reject(error instanceof JourneyError ? error : unavailable(error));
    }
  }

  /** Nobody knows whether it was recorded: it is looked for, and if it was not it is decided again. */
  function tryLater(item: Item): void {
    item.fresh = true;
    item.unknown = true;
    const again = async (): Promise<void> => {
      await clock.sleep(TRY_AGAIN_AFTER_MS, closing.signal);
      if (closing.signal.aborted) return item.reject(unavailable('The process stops.'));
      queue.putBack([item]);
      kick();
    };
    void again();
  }

  return {
    submit: (submission) =>
      new Promise((resolve, reject) => {
        const fresh = submission.fresh === true;
        const item: Item = { submission, resolve, reject, fresh, tries: 0, at: clock.machine(), unknown: false };
        timeouts.asked(item);
        queue.add(item);
        kick();
      }),
    waiting: queue.size,
    stats: () => ({ ...count, waiting: queue.size() }),
    close: async () => {
      closing.abort();
      for (let under = flushing; under; under = flushing) await under;
      await lane.close();
    },
  };
}
