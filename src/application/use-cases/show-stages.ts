import { z } from 'zod';
import { DAY } from '#core/time.ts';
import { hasExit, type Criterion, type WorkTemplate } from '#core/plan.ts';
import { defineUseCase } from '../use-case.ts';

export const showStages = defineUseCase({
  name: 'stages.show',
  summary: 'The stages of the active configuration in their order: criteria, units of work, tasks and their intents.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/stages' },
    cli: { verb: 'stages', examples: ['stages'] },
    without: { mcp: 'The resource config://stages.', slack: 'status shows the criteria of the stage that counts.' },
  },
  input: z.strictObject({}),
  output: z.object({
    config_hash: z.string(),
    stages: z.array(
      z.object({
        stage: z.string(),
        name: z.string(),
        duration_target_days: z.number().nullable(),
        auto_promotion: z.boolean(),
        has_exit: z.boolean(),
        criteria: z.array(
          z.object({
            check_id: z.string(),
            name: z.string(),
            validator: z.string(),
            required: z.boolean(),
            evidence_kind: z.string().nullable().describe('Null: people approve.'),
            accepted_sources: z.array(z.string()),
          }),
        ),
        work: z.array(
          z.object({
            template_id: z.string(),
            name: z.string(),
            tasks: z.array(
              z.object({
                task_id: z.string(),
                name: z.string(),
                intent: z.string(),
                depends_on: z.array(z.string()),
                input: z.record(z.string(), z.unknown()),
                output: z.record(z.string(), z.unknown()),
              }),
            ),
          }),
        ),
      }),
    ),
  }),
  run: async ({ plans, configuration }) => {
    // Whoever has just activated something sees it, whichever replica is asked.
    const plan = plans.get(await configuration.decides());
    return {
      config_hash: plan.hash,
      stages: plan.stages.map((stage) => ({
        stage: stage.id,
        name: stage.name,
        duration_target_days: stage.durationTarget_ms === null ? null : stage.durationTarget_ms / DAY,
        auto_promotion: stage.autoPromotion,
        has_exit: hasExit(plan, stage),
        criteria: stage.criteria.map(criterionOf),
        work: stage.templates.map(workOf),
      })),
    };
  },
});

const criterionOf = (criterion: Criterion) => ({
  check_id: criterion.checkId,
  name: criterion.name,
  validator: criterion.validator,
  required: criterion.required,
  evidence_kind: criterion.kind === 'evidence' ? criterion.evidenceKind : null,
  accepted_sources: criterion.kind === 'evidence' ? [...criterion.acceptedSources] : [],
});

const workOf = ({ id, name, tasks }: WorkTemplate) => ({
  template_id: id,
  name,
  tasks: tasks.map((task) => ({
    task_id: task.id,
    name: task.name,
    intent: task.intent,
    depends_on: [...task.dependsOn],
    input: { ...task.input },
    output: { ...task.output },
  })),
});
