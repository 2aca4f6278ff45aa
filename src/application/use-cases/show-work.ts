import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
import { progressOf, type Unit } from '#core/work/unit.ts';
import { ClientId, iso, StageId } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { defineUseCase } from '../use-case.ts';
import { Asked, askedBy, shownStatus } from '../view.ts';

export const showWork = defineUseCase({
  name: 'work.show',
  summary: 'The units of work of a stage (the present one unless said) with the state of every task.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys/:client_id/work' },
    cli: { verb: 'uow-status', examples: ['uow-status --client-id="client-123" --stage="sandbox"'] },
    mcp: { tool: 'list_work' },
    slack: { word: 'work', typed: ['client_id', 'stage'], example: 'work acme' },
  },
  input: z.strictObject({ client_id: ClientId, stage: StageId.optional() }),
  output: z.object({
    client_id: z.string(),
    stage: z.string(),
    units: z.array(
      z.object({
        work_id: z.string(),
        template_id: z.string(),
        stage_entry: z.number(),
        status: z.string(),
        created_at: z.string(),
        completed_at: z.string().nullable(),
        tasks: z.array(
          z.object({
            task_id: z.string(),
            name: z.string(),
            intent: z.string(),
            status: z.string(),
            generation: z.number(),
            attempt: z.number(),
            error: z.unknown(),
            missing: z.unknown(),
            retry_at: z.string().nullable(),
            asked: Asked.nullable(),
          }),
        ),
      }),
    ),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, { principal }, { client_id, stage }) => {
    const journey = await knownJourney(dependencies, principal, client_id);
    if (isRefusal(journey)) return journey;
    const units = await dependencies.journeys.units(client_id, stage ?? journey.stage);
    return {
      client_id,
      stage: stage ?? journey.stage,
      units: units.map(({ work_id, template_id, stage_entry, status, created_at, completed_at, tasks }) => ({
        work_id,
        template_id,
        stage_entry,
        status,
        created_at: iso(created_at),
        completed_at: completed_at === null ? null : iso(completed_at),
        tasks: tasks.map(({ state, retry_at, ...task }) => {
          const unit = journey.units.find((one) => one.workId === work_id);
          const asked = unit && status === 'in_progress' ? askedBy(progressOf(unit, task.task_id)) : null;
          return {
            ...task,
            status: shownStatus(begun(journey, unit, task.task_id, state), asked),
            retry_at: retry_at === null ? null : iso(retry_at),
            asked,
          };
        }),
      })),
    };
  },
});

/** Whose turn it is counts as running, since it begins by itself; but not while the journey is paused. */
function begun({ pause }: Journey, unit: Unit | undefined, taskId: string, state: string): string {
  return pause && unit && state === 'running' ? progressOf(unit, taskId).status : state;
}
