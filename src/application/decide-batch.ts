import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import { decide } from '#core/journey/decide.ts';
import type { Decided, World } from '#core/journey/draft.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Admission } from './admission.ts';
import type { Aggregates } from './aggregates.ts';
import type { Timeouts } from './timeouts.ts';
import { keyName, type Item, type Known, type Part } from './flush-part.ts';
import type { Submission, Submitted } from './journal.ts';
import type { KeyedAnswer, Logger, Plans } from './ports.ts';

export type Reach = {
  readonly warm: Aggregates;
  readonly plans: Plans;
  readonly admission: Admission;
  readonly logger: Logger;
  readonly timeouts: Timeouts;
  /** How many units of work this process takes on in this batch; the others are left to whoever claims them. */
  room: number;
};

/** What follows from the commands of a batch: a part a client, and who is to be decided again on a fresh load. */
export function decideBatch(
  reach: Reach,
  batch: readonly Item[],
  known: Known,
  world: World,
): { readonly parts: readonly Part[]; readonly again: readonly Item[] } {
  const parts = new Map<string, Part>();
  const later = new Set<string>();
  const again: Item[] = [];
  for (const item of batch) {
    const { clientId } = item.submission;
    if (later.has(clientId)) again.push(item);
    else if (!decideOne(reach, item, partOf(clientId), known, world)) {
      later.add(clientId);
      again.push(item);
    }
  }
  return { parts: [...parts.values()].filter(({ events }) => events.length > 0), again };

  function partOf(clientId: string): Part {
    const there = parts.get(clientId);
    if (there) return there;
    const before = known.journeys.get(clientId) ?? reach.warm.get(clientId) ?? null;
    const part: Part = {
      clientId,
      before,
      warm: !known.loaded.has(clientId),
      journey: before,
      admits: false,
      lookAt: null,
      events: [],
      answers: [],
      done: [],
      settled: false,
    };
    parts.set(clientId, part);
    return part;
  }
}

/** False: it is to be decided again in the next flush, on a fresh load. */
function decideOne(reach: Reach, item: Item, part: Part, known: Known, world: World): boolean {
  const { plans, admission, logger, timeouts } = reach;
  const { submission } = item;
  const earlier = submission.key && known.answers.get(keyName(submission.clientId, submission.key));
  if (earlier) {
    const answer = repeated(earlier, submission, part);
    if (!part.answers.includes(earlier)) item.resolve(answer);
    // The answer is one of this very flush, and nothing of it is committed yet.
    else if (isRefusal(answer)) return decideLater(item);
    else part.done.push({ item, submitted: answer });
    return true;
  }
  const mayAdmit = admits(submission.command.type) && admission.mayAdmit(submission.command.type === 'start');
  const plan = part.journey ? plans.get(part.journey.configHash) : world.active;
  const timed = timeouts.worldFor(item, plan, world.machineNow);
  try {
    const decision = decide(
      { ...world, ...timed, plan, mayAdmit, hasRoom: reach.room > 0 },
      submission.clientId,
      part.journey,
      submission.command,
    );
    if (!isRefusal(decision)) {
      reach.room -= unitsTakenOn(decision.events, world.epoch);
      take(admission, part, item, decision, known);
      timeouts.decided(item, decision.events, timed.since, plan);
      return true;
    }
    // Nothing was written, so nothing was guarded: a no on a warm aggregate may be a no to what is long over, and one
    // that follows events of this flush a no to what never comes to be.
    if (part.warm || part.events.length > 0) return decideLater(item);
    timeouts.ended(item);
    item.resolve(decision);
  } catch (error) {
    logger.error('A decision failed; its command is set apart.', {
      client_id: submission.clientId,
      command: submission.command.type,
      error: String(error),
    });
    item.reject(error);
  }
  return true;
}

function decideLater(item: Item): false {
  item.fresh = true;
  return false;
}

function take(admission: Admission, part: Part, item: Item, outcome: Decided, known: Known): void {
  const { submission } = item;
  const { requestId, actor, door, key } = submission;
  // First, since it may throw, and then nothing of this command may stay behind.
  const answer = submission.answer?.(outcome) ?? null;
  const from = part.journey?.version ?? 0;
  part.journey = outcome.journey;
  part.lookAt = outcome.lookAt ?? part.lookAt;
  for (const [index, event] of outcome.events.entries()) {
    part.events.push({ seq: from + index + 1, event, actor: isAutomatic(event) ? 'system' : actor, door, requestId });
    if (event.type === 'stage_entered' && event.kind === 'start') {
      if (!part.admits) admission.taken();
      part.admits = true;
    }
  }
  // What was given up is not the answer to the request: the same key tries again.
  const gaveUp = outcome.events.some(({ type }) => type === 'stage_transition_timed_out');
  if (key && outcome.events.length > 0 && !gaveUp) {
    const keyed = { ...key, response: answer };
    part.answers.push(keyed);
    known.answers.set(keyName(submission.clientId, key), keyed);
  }
  const submitted = { ...outcome, answer, replayed: false };
  // Also what recorded nothing itself may have seen events of this flush: it is told after the commit, like them.
  if (part.events.length > 0) part.done.push({ item, submitted });
  else item.resolve(submitted);
}

/** Who sent what it followed from has not decided it. */
const isAutomatic = (event: JourneyEvent): boolean =>
  event.type === 'journey_rolled_back_automatically' ||
  event.type === 'automatic_rollback_refused' ||
  (event.type === 'stage_entered' && event.automatic === true);

const unitsTakenOn = (events: readonly JourneyEvent[], epoch: number): number =>
  events.reduce((sum, event) => {
    if (event.type === 'compensation_planned') return sum + (event.owner === epoch ? 1 : 0);
    return sum + (event.type === 'stage_entered' && event.owner === epoch ? event.units.length : 0);
  }, 0);

const admits = (type: string): boolean => type === 'start' || type === 'admit';

function repeated(earlier: KeyedAnswer, { key }: Submission, part: Part): Submitted | Refusal {
  if (earlier.requestHash !== key?.requestHash)
    return refuse(
      'idempotency.conflict',
      `The idempotency key ${earlier.key} was used for another request.`,
      'Use a new key for a new request.',
    );
  return { journey: part.journey as Journey, events: [], answer: earlier.response, replayed: true };
}
