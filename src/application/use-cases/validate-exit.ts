import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { stageOf } from '#core/plan.ts';
import { isOpen, judgeStage, workDone } from '#core/criteria/gate.ts';
import { ClientId } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { CriterionView, criteriaView } from '../view.ts';

export const validateExit = defineUseCase({
  name: 'journey.validate_exit',
  summary:
    'Judge the exit criteria now and keep the verdicts. It never promotes, unless promote is asked for and the gate is open.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/validate-exit' },
    cli: {
      verb: 'validate-exit',
      examples: ['validate-exit --client-id="client-123"', 'validate-exit --client-id="client-123" --promote'],
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    promote: z.boolean().default(false).describe('Promote if the gate is open.'),
  }),
  output: z.object({
    client_id: z.string(),
    stage: z.string().describe('The stage that was judged.'),
    gate: z.enum(['open', 'shut']),
    work_completed: z.boolean(),
    promoted_to: z.string().nullable(),
    criteria: z.array(CriterionView),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, promote }) => {
    const before = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(before)) return before;
    const { plans, clock, ids } = dependencies;
    const judged = await submit(dependencies, call, client_id, { type: 'judge' });
    if (isRefusal(judged)) return judged;
    const { journey } = judged;
    const stage = stageOf(plans.get(journey.configHash), journey.stage);
    const verdicts = stage ? judgeStage(stage, journey, clock.journey(), ids.digest) : [];
    const open = isOpen(journey, verdicts) && verdicts.length > 0;
    const promoted =
      promote && open
        ? await submit(dependencies, call, client_id, {
            type: 'promote',
            reason: 'Promoted by hand: the gate is open.',
          })
        : null;
    if (promoted && isRefusal(promoted)) return promoted;
    return {
      client_id,
      stage: journey.stage,
      gate: open ? ('open' as const) : ('shut' as const),
      work_completed: workDone(journey),
      promoted_to: promoted ? promoted.journey.stage : null,
      criteria: stage ? criteriaView(stage, verdicts) : [],
    };
  },
});
