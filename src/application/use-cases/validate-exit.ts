import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { hasExit, stageOf } from '#core/plan.ts';
import { isOpen, judgeStage, workDone } from '#core/criteria/gate.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from '../dependencies.ts';
import { ClientId } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { CriterionView, criteriaView } from '../view.ts';

const Judged = z.object({
  client_id: z.string(),
  stage: z.string().describe('The stage that was judged.'),
  gate: z.enum(['open', 'shut']),
  work_completed: z.boolean(),
  promoted_to: z.string().nullable(),
  criteria: z.array(CriterionView),
});

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
    mcp: { tool: 'check_exit_criteria', guidance: 'Each criterion says what is missing.', hide: ['promote'] },
    slack: { word: 'validate-exit', typed: ['client_id'], example: 'validate-exit acme' },
  },
  input: z.strictObject({
    client_id: ClientId,
    promote: z.boolean().default(false).describe('Promote if the gate is open.'),
  }),
  output: Judged,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, promote }) => {
    const before = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(before)) return before;
    if (promote) {
      const reason = 'Promoted by hand: the gate is open.';
      const promoted = await submit(
        dependencies,
        call,
        client_id,
        { type: 'promote', reason, entry: before.stageEntry },
        ({ journey }) => judged(dependencies, before, journey.stage),
      );
      if (!isRefusal(promoted)) return promoted.answer as unknown as z.input<typeof Judged>;
      if (promoted.refused !== 'gate.shut' && promoted.refused !== 'stage.final') return promoted;
    }
    // A second submission of one call has a name of its own, and nothing to repeat: judging again judges anew.
    const { idempotency: _key, ...again } = { ...call, requestId: `${call.requestId}.2` };
    const now = await submit(dependencies, again, client_id, { type: 'judge' });
    return isRefusal(now) ? now : judged(dependencies, now.journey, null);
  },
});

function judged(
  { plans, clock, ids }: Dependencies,
  journey: Journey,
  promotedTo: string | null,
): z.input<typeof Judged> {
  const plan = plans.get(journey.configHash);
  const stage = stageOf(plan, journey.stage);
  const verdicts = stage ? judgeStage(stage, journey, clock.journey(), ids.digest) : [];
  return {
    client_id: journey.clientId,
    stage: journey.stage,
    gate: stage && hasExit(plan, stage) && isOpen(journey, verdicts) ? 'open' : 'shut',
    work_completed: workDone(journey),
    promoted_to: promotedTo,
    criteria: stage ? criteriaView(stage, verdicts) : [],
  };
}
