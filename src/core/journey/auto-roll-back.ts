import type { StagePlan } from '../plan.ts';
import { DAY } from '../time.ts';
import { lastPassed, rollbackTrigger } from '../criteria/rollback-criteria.ts';
import { presentPlan, record, type Draft } from './draft.ts';
import { goBackTo } from './roll-back.ts';
import { judgementOf } from './verdict-events.ts';

/** Goes back a stage where rollback criteria say so, or tells that it may not. True when the journey has left the stage. */
export function rollBackAutomatically(draft: Draft, stage: StagePlan): boolean {
  const plan = presentPlan(draft);
  const { verdicts } = rollbackTrigger(plan, stage, draft.journey, draft.world.now);
  const target = lastPassed(plan, stage, draft.journey);
  if (verdicts.length === 0 || !target) return false;
  const said = verdicts.map(({ checkId, message }) => `${checkId}: ${message}`).join(' ');
  const refusal = refusedBecause(draft);
  if (refusal) {
    record(draft, {
      type: 'automatic_rollback_refused',
      stage: stage.id,
      why: refusal.why,
      message: `${refusal.message} ${said}`,
      verdicts: verdicts.map(judgementOf),
    });
    return false;
  }
  goBackTo(draft, stage, target, `Rollback criteria failed. ${said}`, verdicts);
  return true;
}

function refusedBecause(
  draft: Draft,
): { readonly why: 'rolled_back_before' | 'too_many'; readonly message: string } | undefined {
  const { journey, world } = draft;
  const { max, window_ms } = presentPlan(draft).autoRollback;
  // Going back again and again by itself would hide that the cause lies elsewhere.
  if (journey.entryKind === 'rollback')
    return {
      why: 'rolled_back_before',
      message: `${journey.stage} was entered by a rollback, and a rollback is not rolled back by itself.`,
    };
  const recent = journey.rolledBackAt.filter((at) => world.now - at < window_ms).length;
  if (recent < max) return undefined;
  return {
    why: 'too_many',
    message: `${journey.clientId} was rolled back automatically ${recent} times in ${window_ms / DAY} days; ${max} is the limit.`,
  };
}
