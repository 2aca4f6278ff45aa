import { isRefusal } from '#core/errors.ts';
import { hasExit, stageOf, type Plan } from '#core/plan.ts';
import { fraction } from '#core/retry.ts';
import type { Instant } from '#core/time.ts';
import { judgeStage, isOpen, workDone, holds } from '#core/criteria/gate.ts';
import { changedGoals, judgeGoals } from '#core/criteria/goals.ts';
import { movedStreaks, rollbackTrigger } from '#core/criteria/rollback-criteria.ts';
import type { Verdict } from '#core/criteria/verdict.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Logger } from '../ports.ts';

/** Which journeys are to be looked at, and when again (journey time). */
export type DueChecks = {
  /** Takes what is due, and pushes it to `until`: a claim that nobody finishes is due again then. */
  readonly claim: (now: Instant, until: Instant, limit: number) => Promise<readonly string[]>;
  readonly schedule: (checks: readonly { readonly clientId: string; readonly dueAt: Instant }[]) => Promise<void>;
  /** Stages without an exit need no more looks. */
  readonly close: (clientIds: readonly string[]) => Promise<void>;
};

export type EvaluateDependencies = Pick<Dependencies, 'journal' | 'plans' | 'clock' | 'ids'> & {
  readonly checks: DueChecks;
  readonly load: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, Journey>>;
  readonly logger: Logger;
};

const BATCH = 500;

/**
 * Judges every journey that is due. What time alone has not changed is only looked at: a command goes to the journal
 * where a verdict differs from the recorded one, or where something follows from them.
 */
export async function evaluateExits(dependencies: EvaluateDependencies): Promise<number> {
  let judged = 0;
  for (;;) {
    const { clock, plans, checks } = dependencies;
    const now = clock.journey();
    const claimed = await checks.claim(now, now + plans.active().baseInterval_ms, BATCH);
    if (claimed.length === 0) return judged;
    judged += claimed.length;
    await evaluate(dependencies, claimed, now);
    if (claimed.length < BATCH) return judged;
  }
}

async function evaluate(dependencies: EvaluateDependencies, clientIds: readonly string[], now: Instant): Promise<void> {
  const { plans, checks, load } = dependencies;
  const journeys = await load(clientIds);
  await plans.ensure(new Set([...journeys.values()].map(({ configHash }) => configHash)));
  const closed: string[] = [];
  const again: { clientId: string; dueAt: Instant }[] = [];
  const moved: string[] = [];
  for (const clientId of clientIds) {
    const journey = journeys.get(clientId);
    const look = journey && lookAt(dependencies, journey, now);
    if (!look) closed.push(clientId);
    else again.push({ clientId, dueAt: look.dueAt });
    if (look?.moves) moved.push(clientId);
  }
  await Promise.all(moved.map((clientId) => submitEvaluate(dependencies, clientId)));
  if (again.length > 0) await checks.schedule(again);
  if (closed.length > 0) await checks.close(closed);
}

type Look = { readonly dueAt: Instant; readonly moves: boolean };

/** Undefined: nothing more will come of looking at it. */
function lookAt({ plans, ids }: EvaluateDependencies, journey: Journey, now: Instant): Look | undefined {
  const plan = plans.get(journey.configHash);
  const stage = stageOf(plan, journey.stage);
  if (journey.status === 'completed' || !stage) return undefined;
  // A rollback may bring a journey back from the last stage: its row stays, for a look now and then.
  const rarely = now + plan.baseInterval_ms * 12;
  if (journey.status !== 'active') return { dueAt: rarely, moves: false };
  const exits = hasExit(plan, stage);
  const verdicts = exits ? judgeStage(stage, journey, now, ids.digest) : [];
  const goals = judgeGoals(stage, journey, now);
  const trigger = rollbackTrigger(plan, stage, journey, now);
  const watched = exits || goals.length > 0 || stage.rollbackCriteria.length > 0;
  const edges = [...verdicts, ...goals.map(({ verdict }) => verdict), trigger].flatMap(
    ({ changesAt }) => changesAt ?? [],
  );
  return {
    dueAt: watched ? dueAfter(plan, journey, edges, now) : rarely,
    moves:
      (exits && follows(journey, verdicts, now)) ||
      trigger.verdicts.length > 0 ||
      changedGoals(journey, goals).length > 0 ||
      Object.keys(movedStreaks(stage, journey, now)).length > 0,
  };
}

/** The soonest instant at which time alone changes a verdict, or the base interval with a jitter that spreads the load. */
function dueAfter(plan: Plan, { clientId, version }: Journey, edges: readonly Instant[], now: Instant): Instant {
  const base = now + Math.round(plan.baseInterval_ms * (0.9 + 0.1 * fraction(`${clientId}:${version}`)));
  return Math.min(base, ...edges.map((edge) => Math.max(edge, now + 1)));
}

function follows(journey: Journey, verdicts: readonly Verdict[], now: Instant): boolean {
  const { verdicts: recorded, approval } = journey;
  return (
    isOpen(journey, verdicts) ||
    (approval?.status === 'open' && now > approval.expiresAt) ||
    (workDone(journey) && (approval === null || approval.status === 'void') && onlyApprovalIsMissing(verdicts)) ||
    ((workDone(journey) || Object.keys(recorded).length > 0) &&
      verdicts.some(
        ({ checkId, outcome, code }) => recorded[checkId]?.outcome !== outcome || recorded[checkId].code !== code,
      ))
  );
}

const onlyApprovalIsMissing = (verdicts: readonly Verdict[]): boolean =>
  verdicts.filter((verdict) => !holds(verdict)).every(({ code }) => code.startsWith('approval.'));

async function submitEvaluate({ journal, ids, logger }: EvaluateDependencies, clientId: string): Promise<void> {
  try {
    const answer = await journal.submit({
      clientId,
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
