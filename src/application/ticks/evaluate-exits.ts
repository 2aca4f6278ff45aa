import { isRefusal } from '#core/errors.ts';
import { hasExit, stageOf, type Plan } from '#core/plan.ts';
import { fraction } from '#core/retry.ts';
import { SECOND, type Instant } from '#core/time.ts';
import { judgeStage, isOpen, workDone, holds } from '#core/criteria/gate.ts';
import { changedGoals, judgeGoals } from '#core/criteria/goals.ts';
import { movedStreaks, rollbackTrigger } from '#core/criteria/rollback-criteria.ts';
import type { Verdict } from '#core/criteria/verdict.ts';
import type { Journey } from '#core/journey/journey.ts';
import { nextChange, timeIsUp } from '#core/journey/next-look.ts';
import type { Deadlines } from '../deadlines.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Submission } from '../journal.ts';
import type { Logger } from '../ports.ts';

/** Which journeys are to be looked at, and when again (journey time). */
export type DueChecks = {
  /** Takes what is due, and pushes it to `until`: a claim that nobody finishes is due again then. */
  readonly claim: (now: Instant, until: Instant, limit: number) => Promise<readonly string[]>;
  /** Says when to look again, for those that are still due at `claimedUntil`: whoever has moved one since knows better. */
  readonly schedule: (
    checks: readonly { readonly clientId: string; readonly dueAt: Instant }[],
    claimedUntil: Instant,
  ) => Promise<void>;
  /** Completed journeys need no more looks. */
  readonly close: (clientIds: readonly string[], claimedUntil: Instant) => Promise<void>;
};

export type EvaluateDependencies = Pick<Dependencies, 'journal' | 'plans' | 'clock' | 'ids'> & {
  readonly checks: DueChecks;
  readonly load: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, Journey>>;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
};

const BATCH = 500;
/** How many of a round that takes too long are named. */
const NAMED = 10;

/**
 * Judges every journey that is due. What time alone has not changed is only looked at: a command goes to the journal
 * where a verdict differs from the recorded one, or where something follows from them.
 */
export async function evaluateExits(dependencies: EvaluateDependencies): Promise<number> {
  let judged = 0;
  for (;;) {
    const { clock, plans, checks } = dependencies;
    const now = clock.journey();
    const until = now + plans.active().baseInterval_ms;
    const claimed = await checks.claim(now, until, BATCH);
    if (claimed.length === 0) return judged;
    judged += claimed.length;
    await inTime(dependencies, claimed, (since) => evaluate(dependencies, { clientIds: claimed, now, until, since }));
    if (claimed.length < BATCH) return judged;
  }
}

/** Loading, judging and recording share one budget; a round that goes beyond it is told of while it lasts. */
async function inTime(
  { clock, plans, ids, deadlines }: EvaluateDependencies,
  clientIds: readonly string[],
  round: (since: Instant) => Promise<void>,
): Promise<void> {
  const [since, budget_ms, name] = [clock.machine(), plans.active().exitValidation_ms, ids.random()];
  deadlines.begin('exit_criteria_validation_timed_out', name, {
    since,
    budget_ms,
    message: `${clientIds.length} journeys were not judged within ${budget_ms / SECOND} s; what is missing is unknown until the next evaluation.`,
    fields: { journeys: clientIds.length, client_ids: clientIds.slice(0, NAMED) },
  });
  try {
    await round(since);
  } finally {
    deadlines.end('exit_criteria_validation_timed_out', name);
  }
}

type Round = {
  readonly clientIds: readonly string[];
  readonly now: Instant;
  readonly until: Instant;
  /** Machine time. */
  readonly since: Instant;
};

async function evaluate(dependencies: EvaluateDependencies, round: Round): Promise<void> {
  const { plans, checks, load } = dependencies;
  const { clientIds, until, since } = round;
  const journeys = await load(clientIds);
  await plans.ensure(new Set([...journeys.values()].map(({ configHash }) => configHash)));
  const closed: string[] = [];
  const again: { clientId: string; dueAt: Instant }[] = [];
  const moved: Submitted[] = [];
  for (const clientId of clientIds) {
    const journey = journeys.get(clientId);
    const look = journey && lookAt(dependencies, journey, round);
    if (!look) closed.push(clientId);
    else again.push({ clientId, dueAt: look.dueAt });
    if (look?.moves)
      moved.push({ clientId, since, ...(look.isOpen ? { gateOpenSince: dependencies.clock.machine() } : {}) });
  }
  await Promise.all(moved.map((one) => submitEvaluate(dependencies, one)));
  if (again.length > 0) await checks.schedule(again, until);
  if (closed.length > 0) await checks.close(closed, until);
}

type Look = { readonly dueAt: Instant; readonly moves: boolean; readonly isOpen: boolean };
type Submitted = Pick<Submission, 'clientId' | 'since' | 'gateOpenSince'>;

/** Undefined: nothing more will come of looking at it. */
function lookAt(
  { plans, ids, clock }: EvaluateDependencies,
  journey: Journey,
  { now, since }: Round,
): Look | undefined {
  const plan = plans.get(journey.configHash);
  const stage = stageOf(plan, journey.stage);
  if (journey.status === 'completed' || !stage) return undefined;
  // A rollback may bring a journey back from the last stage: its row stays, for a look now and then.
  const rarely = now + plan.baseInterval_ms * SELDOM;
  if (journey.status !== 'active') return { dueAt: rarely, moves: false, isOpen: false };
  const exits = hasExit(plan, stage);
  const overtime = (): boolean => clock.machine() - since > plan.exitValidation_ms;
  const verdicts = exits ? judgeStage(stage, journey, now, ids.digest, overtime) : [];
  const goals = judgeGoals(stage, journey, now);
  const trigger = rollbackTrigger(plan, stage, journey, now);
  const watched = exits || goals.length > 0 || stage.rollbackCriteria.length > 0;
  const judged = [...verdicts, ...goals.map(({ verdict }) => verdict), trigger];
  const change = nextChange(stage, journey, judged, now) ?? rarely;
  return {
    dueAt: Math.min(change, watched ? baseAfter(plan, journey, now) : rarely),
    moves:
      timeIsUp(stage, journey, now) ||
      (exits && follows(journey, verdicts)) ||
      trigger.verdicts.length > 0 ||
      changedGoals(journey, goals).length > 0 ||
      Object.keys(movedStreaks(stage, journey, now)).length > 0,
    isOpen: exits && isOpen(journey, verdicts) && stage.autoPromotion,
  };
}

/** Base intervals between looks at what seldom changes by time. */
const SELDOM = 12;

/** The base interval, with a jitter that spreads the load. */
const baseAfter = (plan: Plan, { clientId, version }: Journey, now: Instant): Instant =>
  now + Math.round(plan.baseInterval_ms * (0.9 + 0.1 * fraction(`${clientId}:${version}`)));

function follows(journey: Journey, verdicts: readonly Verdict[]): boolean {
  const { verdicts: recorded, approval } = journey;
  return (
    isOpen(journey, verdicts) ||
    (workDone(journey) && (approval === null || approval.status === 'void') && onlyApprovalIsMissing(verdicts)) ||
    ((workDone(journey) || Object.keys(recorded).length > 0) &&
      verdicts.some(
        ({ checkId, outcome, code }) => recorded[checkId]?.outcome !== outcome || recorded[checkId].code !== code,
      ))
  );
}

const onlyApprovalIsMissing = (verdicts: readonly Verdict[]): boolean =>
  verdicts.filter((verdict) => !holds(verdict)).every(({ code }) => code.startsWith('approval.'));

async function submitEvaluate({ journal, ids, logger }: EvaluateDependencies, evaluation: Submitted): Promise<void> {
  const { clientId } = evaluation;
  try {
    const answer = await journal.submit({
      ...evaluation,
      command: { type: 'evaluate' },
      actor: 'system',
      door: 'scheduler',
      requestId: `evaluate-${ids.random()}`,
    });
    if (isRefusal(answer)) logger.debug('An evaluation was refused.', { client_id: clientId, why: answer.message });
  } catch (error) {
    // It stays due: the next tick tries again.
    logger.warn('An evaluation failed.', { client_id: clientId, error: String(error) });
  }
}
