import { stageOf } from '../plan.ts';
import { holds, judgeStage, workDone } from '../criteria/gate.ts';
import type { Verdict } from '../criteria/verdict.ts';
import type { Journey } from '../journey/journey.ts';
import type { Step } from './history.ts';

/** I3 and I11: what the stored evidence says, judged again, must open the gate that was gone through. */
export function promotionViolations(step: Step): void {
  const { journey, fact, report } = step;
  const { event, seq } = fact;
  if (event.type !== 'stage_entered' || event.kind !== 'promotion' || !journey) return;
  const { approval, stageEntry, stage } = journey;
  if (event.approval_id !== undefined) {
    if (approval?.id !== event.approval_id || approval.status !== 'granted' || approval.stageEntry !== stageEntry)
      report('I11', `event ${seq} leaves ${stage} on ${event.approval_id}, which is not granted in this stage entry`);
  }
  // Erased words and figures cannot be judged a second time.
  if (fact.erased) return;
  if (!workDone(journey)) report('I3', `event ${seq} leaves ${stage} before its work is completed`);
  for (const verdict of judgedAgain(step, journey))
    if (!holds(verdict))
      report('I3', `event ${seq} leaves ${stage}, where ${verdict.checkId} is ${verdict.outcome}: ${verdict.message}`);
}

/** I19: a criterion that was recorded as passed passes on the evidence that counts for it. */
export function verdictViolations(step: Step): void {
  const { journey, fact, report } = step;
  const { event, seq } = fact;
  if (event.type !== 'criteria_judged' || !journey || fact.erased) return;
  const again = new Map(judgedAgain(step, journey).map((verdict) => [verdict.checkId, verdict]));
  for (const { check_id, outcome } of event.verdicts) {
    const verdict = again.get(check_id);
    if (outcome === 'passed' && verdict?.outcome !== 'passed')
      report(
        'I19',
        `event ${seq} says that ${check_id} has passed; on what counts it is ${verdict?.outcome ?? 'no criterion'}: ${verdict?.message ?? journey.stage}`,
      );
  }
}

function judgedAgain({ planOf, digest, fact }: Step, journey: Journey): readonly Verdict[] {
  const plan = planOf(journey.configHash);
  const stage = plan && stageOf(plan, journey.stage);
  return stage ? judgeStage(stage, journey, fact.at, digest) : [];
}
