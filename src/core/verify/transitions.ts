import { stageAfter, stageOf, type Plan } from '../plan.ts';
import type { StageEntered } from '../journey/events.ts';
import type { Journey } from '../journey/journey.ts';
import type { Step } from './history.ts';

/** I1 and I2: stages follow one another, and only where the configuration has a way. */
export function transitionViolations({ journey, fact, planOf, report }: Step): void {
  const { event, seq } = fact;
  if (event.type === 'journey_started' && journey && journey.status !== 'completed')
    report('I1', `event ${seq} starts a new run while the one before is ${journey.status}`);
  if (event.type !== 'stage_entered' || !journey) return;

  const from = event.kind === 'start' ? null : journey.stage;
  if (event.from !== from)
    report('I1', `event ${seq} enters ${event.stage} from ${shown(event.from)}, but it was in ${shown(from)}`);
  if (event.entry !== journey.stageEntry + 1)
    report('I1', `event ${seq} is stage entry ${event.entry} after ${journey.stageEntry}`);

  const plan = planOf(event.config_hash);
  if (!plan) return report('I2', `event ${seq} pins the configuration ${event.config_hash}, which is not stored`);
  const problem = wayProblem(event, journey, plan, planOf(journey.configHash) ?? plan);
  if (problem !== undefined) report('I2', `event ${seq} goes from ${shown(from)} to ${event.stage}: ${problem}`);
}

const shown = (stage: string | null): string => stage ?? 'no stage';

function wayProblem({ kind, stage }: StageEntered, journey: Journey, plan: Plan, pinned: Plan): string | undefined {
  const target = stageOf(plan, stage);
  if (!target) return `the configuration ${plan.hash} has no stage ${stage}`;
  if (kind === 'start')
    return target === plan.stages[0] ? undefined : `a journey begins in ${plan.stages[0]?.id ?? 'no stage'}`;
  const present = stageOf(plan, journey.stage) ?? stageOf(pinned, journey.stage);
  if (!present) return `the configuration ${pinned.hash} has no stage ${journey.stage}`;
  if (kind === 'rollback')
    return target.order < present.order && journey.completedStages.includes(stage)
      ? undefined
      : 'a rollback goes to an earlier stage that was passed';
  const next = stageAfter(plan, present);
  return next?.id === stage ? undefined : `after ${present.id} comes ${next?.id ?? 'no stage'}`;
}
