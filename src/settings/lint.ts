import { DAY, HOUR, MINUTE } from '#core/time.ts';
import { validators } from '#validators/registry.ts';
import type { CollectorsFile } from './collectors-file.ts';
import { lintRefreshes } from './lint-collectors.ts';
import type { AgentsFile, CriterionDocument, OrchestratorFile, StageDocument, TemplatesFile } from './file-schemas.ts';
import { finding, type Finding } from './findings.ts';
import { lintInputs } from './lint-inputs.ts';
import { lintIntents, lintRetries } from './lint-work.ts';
import type { NotificationsFile } from './notifications-file.ts';
import { lintRoutes } from './lint-routes.ts';
import { valueAt } from './zod-problems.ts';

export type LintedFiles = {
  readonly orchestrator: OrchestratorFile;
  readonly stages: readonly StageDocument[];
  readonly templates: TemplatesFile;
  readonly agents: AgentsFile;
  readonly collectors: CollectorsFile;
  readonly notifications: NotificationsFile;
  /** Whether agents may be found that the file does not name. */
  readonly discovering: boolean;
};

/** What is valid in the files and yet probably not what was meant. */
export function lint(files: LintedFiles): readonly Finding[] {
  const { stages, templates } = files;
  const lastOrder = Math.max(...stages.map(({ order }) => order));
  return [
    ...lintInputs(templates.templates, stages),
    ...stages.flatMap((stage) => lintStage(stage, stage.order === lastOrder, files)),
    ...templates.templates.flatMap((template) => lintRetries(template, files)),
    ...(files.discovering ? [] : lintIntents(files)),
    ...lintRefreshes(files.collectors, stages),
    ...lintRoutes(files),
  ];
}

function lintStage(stage: StageDocument, isLast: boolean, files: LintedFiles): readonly Finding[] {
  const { stage_id, exit_criteria } = stage;
  const at = `stages[${stage_id}]`;
  const found: Finding[] = [];
  if (!files.templates.templates.some((template) => template.stage === stage_id))
    found.push(
      finding(
        'stage.without_template',
        at,
        `No template has work for ${stage_id}.`,
        'Add one to unit-of-work-templates.yaml if the stage needs any.',
      ),
    );
  if (isLast && exit_criteria.length > 0)
    found.push(
      finding(
        'stage.criteria_never_judged',
        `${at}.exit_criteria`,
        `${stage_id} is the last stage and has no exit, so its ${exit_criteria.length} criteria are never judged.`,
        'State what it aims at as success_metrics.',
      ),
    );
  if (!isLast && !exit_criteria.some(({ required }) => required))
    found.push(
      finding(
        'stage.no_required_criterion',
        `${at}.exit_criteria`,
        `Nothing guards the exit of ${stage_id} but its work.`,
        'Add a criterion, or take required: false away from one.',
      ),
    );
  return [
    ...found,
    ...lintRollback(stage, files),
    ...exit_criteria.flatMap((criterion) => lintCriterion(criterion, stage, files)),
  ];
}

function lintRollback({ stage_id, rollback_criteria }: StageDocument, files: LintedFiles): readonly Finding[] {
  const at = `stages[${stage_id}].rollback_criteria`;
  const isOff = !files.orchestrator.orchestrator.features.auto_rollback_enabled;
  const off = finding(
    'stage.rollback_switched_off',
    at,
    `${stage_id} has rollback criteria, but features.auto_rollback_enabled is false, so nothing follows from them.`,
    'Switch it on, or take the criteria away.',
  );
  return [
    ...(isOff && rollback_criteria.length > 0 ? [off] : []),
    ...rollback_criteria.flatMap((criterion) => lintSources(criterion, files, `${at}[${criterion.check_id}]`)),
  ];
}

function lintCriterion(criterion: CriterionDocument, stage: StageDocument, files: LintedFiles): readonly Finding[] {
  const at = `stages[${stage.stage_id}].exit_criteria[${criterion.check_id}]`;
  return [
    ...lintWindow(criterion, stage, at),
    ...lintResponses(criterion, files, at),
    ...lintSources(criterion, files, at),
  ];
}

const windows = [
  ['parameters.window_days', DAY],
  ['parameters.window_minutes', MINUTE],
  ['hold_for_hours', HOUR],
] as const;

function lintWindow(criterion: CriterionDocument, stage: StageDocument, at: string): readonly Finding[] {
  const target = stage.duration_target_days;
  if (target === null) return [];
  return windows.flatMap(([key, unit_ms]) => {
    const length = valueAt(criterion, key.split('.'));
    if (typeof length !== 'number' || length * unit_ms <= target * DAY) return [];
    return [
      finding(
        'criterion.window_exceeds_target',
        `${at}.${key}`,
        `A window of ${length} ${key.split('_').at(-1)} is longer than the ${target} days that ${stage.stage_id} should take.`,
        'Shorten the window, or raise duration_target_days.',
      ),
    ];
  });
}

function lintResponses({ parameters }: CriterionDocument, { templates }: LintedFiles, at: string): readonly Finding[] {
  const asked = parameters['min_responses'];
  const sizes = templates.templates
    .flatMap(({ tasks }) => tasks.map(({ input_schema }) => input_schema['pilot_cohort_size']?.default))
    .filter((size) => typeof size === 'number');
  const largest = Math.max(...sizes);
  if (typeof asked !== 'number' || sizes.length === 0 || asked <= largest) return [];
  return [
    finding(
      'criterion.responses_exceed_cohort',
      `${at}.parameters.min_responses`,
      `${asked} answers are asked for, but a pilot has ${largest} users unless its journey says otherwise.`,
      'Lower min_responses, or raise the default of pilot_cohort_size.',
    ),
  ];
}

function lintSources(
  { accepted_sources = [], validator }: Pick<CriterionDocument, 'accepted_sources' | 'validator'>,
  { templates, agents }: LintedFiles,
  at: string,
): readonly Finding[] {
  const judge = validators.get(validator);
  const kind = judge?.kind === 'evidence' ? judge.evidence : undefined;
  const intents = new Set(templates.templates.flatMap(({ tasks }) => tasks.map(({ agent_intent }) => agent_intent)));
  return accepted_sources.flatMap((source) => {
    const intent = /^task:(.+)$/.exec(source)?.[1];
    if (intent === undefined || (intents.has(intent) && agents.evidence[intent] === kind)) return [];
    const why = intents.has(intent) ? `the outputs of ${intent} do not count for ${kind}` : `no task has that intent`;
    return [
      finding(
        'criterion.source_unknown',
        `${at}.accepted_sources`,
        `${source} is accepted, but ${why}.`,
        'Correct the intent, or map it under evidence in agents.yaml.',
      ),
    ];
  });
}
