import { longestWait_ms } from '#core/retry.ts';
import { DAY, HOUR, SECOND } from '#core/time.ts';
import { nodesOf } from './check-templates.ts';
import type { OrchestratorFile, TaskDocument, TemplateDocument } from './file-schemas.ts';
import { finding, type Finding } from './findings.ts';
import type { LintedFiles } from './lint.ts';
import { taskOrder } from './task-order.ts';

/** As long as an attempt at an agent may take that shows signs of life until the end. */
const LIMIT_OF_TIMEOUTS = 10;

/** Work that, when everything goes wrong that may, outlasts the target of its stage. */
export function lintRetries(template: TemplateDocument, { orchestrator, stages }: LintedFiles): readonly Finding[] {
  const stage = stages.find(({ stage_id }) => stage_id === template.stage);
  if (!stage || stage.duration_target_days === null) return [];
  const worst_ms = longestWay_ms(template.tasks, orchestrator);
  if (worst_ms <= stage.duration_target_days * DAY) return [];
  return [
    finding(
      'template.retries_exceed_target',
      `templates[${template.template_id}]`,
      `With every retry used up its work takes ${daysText(worst_ms)}; ${stage.stage_id} should take ${stage.duration_target_days} days.`,
      'Lower max_retries, the backoff or task_execution_seconds, or raise duration_target_days.',
    ),
  ];
}

const daysText = (span_ms: number): string =>
  span_ms < 2 * DAY ? `${Math.round(span_ms / HOUR)} hours` : `${Math.round((span_ms / DAY) * 10) / 10} days`;

/** Independent tasks run at once, so what counts is the longest chain. */
function longestWay_ms(tasks: readonly TaskDocument[], files: OrchestratorFile): number {
  const until = new Map<string, number>();
  for (const id of taskOrder(nodesOf(tasks)).order) {
    const task = tasks.find(({ task_id }) => task_id === id);
    if (!task) continue;
    const begins = Math.max(0, ...task.depends_on.map((before) => until.get(before) ?? 0));
    until.set(id, begins + longest_ms(task, files));
  }
  return Math.max(0, ...until.values());
}

function longest_ms({ retry_policy }: TaskDocument, { orchestrator }: OrchestratorFile): number {
  const { timeouts, retry } = orchestrator;
  const retries = retry_policy?.max_retries ?? retry.max_task_retries;
  const policy = {
    maxRetries: retries,
    backoff: retry_policy?.backoff ?? retry.backoff_strategy,
    initial_ms: retry.initial_backoff_seconds * SECOND,
    max_ms: retry.max_backoff_seconds * SECOND,
  };
  const waits = Array.from({ length: retries }, (_, index) => longestWait_ms(policy, index + 1));
  const attempts_ms = (1 + retries) * timeouts.task_execution_seconds * LIMIT_OF_TIMEOUTS * SECOND;
  return attempts_ms + waits.reduce((sum, wait_ms) => sum + wait_ms, 0);
}

/** Intents that nobody would do; one finding each, however many tasks have it. */
export function lintIntents({ templates, agents }: LintedFiles): readonly Finding[] {
  const offered = new Set(agents.agents.flatMap(({ intents }) => intents));
  const missing = new Map<string, { readonly at: string; readonly tasks: string[] }>();
  for (const { template_id, tasks } of templates.templates)
    for (const { task_id, agent_intent, compensate_intent } of tasks)
      for (const [key, intent] of Object.entries({ agent_intent, compensate_intent })) {
        if (intent === undefined || offered.has(intent) || agents.routes[intent] !== undefined) continue;
        const at = `templates[${template_id}].tasks[${task_id}].${key}`;
        const known = missing.get(intent) ?? { at, tasks: [] };
        known.tasks.push(task_id);
        missing.set(intent, known);
      }
  return [...missing].map(([intent, { at, tasks }]) =>
    finding(
      'intent.no_agent',
      at,
      `No agent offers ${intent}, which ${tasks.join(' and ')} ${tasks.length > 1 ? 'need' : 'needs'}.`,
      `Add it to an agent in agents.yaml, or say under routes that it is pulled (${intent}: pull).`,
    ),
  );
}
