import type { Journey } from '../journey/journey.ts';
import type { StagePlan, TaskPlan } from '../plan.ts';
import { statusOf } from '../work/graph.ts';
import { definitionOf, progressOf, type Question, type TaskProgress, type Unit } from '../work/unit.ts';
import { withoutStop, type Blocker, type NextAction } from './blocker.ts';

/** What the stage's work waits for, a blocker a task that is neither done nor waiting for another one. */
export const workBlockers = (
  stage: StagePlan,
  { units }: Pick<Journey, 'units'>,
  silentSources: readonly SilentSource[],
): readonly Blocker[] =>
  units.flatMap((unit) => {
    const template = definitionOf(stage, unit);
    // What undoes the stages that were left holds nothing up once it has failed.
    const isOver = unit.definition !== undefined && unit.status === 'failed';
    if (!template || isOver || unit.status === 'completed' || unit.status === 'cancelled') return [];
    return template.tasks.flatMap((task) => taskBlocker(unit, task, silentSources) ?? []);
  });

/** Where agents are looked for, and why nobody answers there: a sentence. */
export type SilentSource = { readonly url: string; readonly problem: string };

/** An agent that is missed may be listed where nobody answers. */
const silenceOf = (sources: readonly SilentSource[]): string =>
  sources
    .map(({ url, problem }) => `; ${url}, where agents are looked for, cannot be read: ${withoutStop(problem)}`)
    .join('');

function taskBlocker(unit: Unit, task: TaskPlan, silent: readonly SilentSource[]): Blocker | undefined {
  const progress = progressOf(unit, task.id);
  const of = { subject: task.id, since: progress.since ?? beganAt(unit, task) };
  switch (statusOf(task, unit)) {
    case 'failed':
      return {
        ...of,
        kind: 'task_failed',
        message: `task ${task.id} failed: ${errorOf(progress)}`,
        owner: 'us',
        action: {
          text: 'mend what the error names, then retry the failed tasks',
          call: { does: 'retry_tasks', workId: unit.workId },
        },
      };
    case 'waiting_for_input':
      return waitingForInput(task, progress, of);
    case 'waiting_for_breaker':
      return {
        ...of,
        kind: 'breaker_open',
        message: `task ${task.id} waits, since the calls for ${task.intent} failed too often in a row`,
        owner: 'agent',
        action: lookAtAgents(task.intent, `mend the agent for ${task.intent}; it is tried again by itself`),
      };
    case 'ready':
      return {
        ...of,
        kind: 'no_agent',
        message: `task ${task.id} waits for an agent: nobody has claimed ${task.intent} yet${silenceOf(silent)}`,
        owner: 'agent',
        action: lookAtAgents(task.intent, `start an agent that claims ${task.intent}, or name one in agents.yaml`),
      };
    case 'retry_wait':
      return retrying(task, progress, silent, of);
    case 'running':
      if (progress.question) return asked(unit, task, progress.question, progress.answer !== undefined, of);
      return {
        ...of,
        kind: 'task_running',
        message: `task ${task.id} is running (attempt ${progress.attempt} of ${attemptsOf(task)})`,
        owner: progress.via === 'in_process' || progress.via === undefined ? 'us' : 'agent',
        action: { text: 'wait for its result', call: null },
      };
    case 'planned':
    case 'succeeded':
    case 'cancelled':
      return undefined;
  }
}

type Of = Pick<Blocker, 'subject' | 'since'>;

function waitingForInput(task: TaskPlan, { missing = [] }: TaskProgress, of: Of): Blocker {
  const named = missing.map((name) => `${name} (${task.input[name]?.type ?? 'any'})`).join(' and ');
  return {
    ...of,
    kind: 'waiting_for_input',
    message: `task ${task.id} waits for the input ${missing.join(' and ')}, which nothing produces`,
    owner: 'client',
    action: { text: `give ${named}`, call: { does: 'provide_input', names: missing } },
  };
}

/** What the agent says is its own word: shown as it is, and never obeyed. */
function asked(unit: Unit, task: TaskPlan, { needs, text }: Question, isAnswered: boolean, of: Of): Blocker {
  const says = `“${withoutStop(text)}”`;
  if (needs === 'authorization')
    return {
      ...of,
      kind: 'agent_asks',
      message: `task ${task.id} waits, since its agent needs an authorization: ${says}`,
      owner: 'us',
      action: { text: 'authorize it where the agent says; it goes on by itself', call: null },
    };
  return {
    ...of,
    kind: 'agent_asks',
    message: `task ${task.id} waits, since its agent asks: ${says}${isAnswered ? '; it is being given the answer' : ''}`,
    owner: isAnswered ? 'agent' : 'client',
    action: isAnswered
      ? { text: 'wait for the agent to go on', call: null }
      : { text: 'answer it', call: { does: 'answer_task', workId: unit.workId, taskId: task.id } },
  };
}

const NOBODY_ANSWERS = new Set(['agent.none', 'agent.unreachable']);

function retrying(task: TaskPlan, progress: TaskProgress, silent: readonly SilentSource[], of: Of): Blocker {
  const nobody = NOBODY_ANSWERS.has(progress.error?.code ?? '');
  return {
    ...of,
    kind: nobody ? 'no_agent' : 'task_retrying',
    message: nobody
      ? `no agent answers for ${task.intent}: ${errorOf(progress)} (attempt ${progress.attempt} of ${attemptsOf(task)} follows)${silenceOf(silent)}`
      : `task ${task.id} is tried again (attempt ${progress.attempt} of ${attemptsOf(task)}) after: ${errorOf(progress)}`,
    owner: 'agent',
    action: nobody
      ? lookAtAgents(task.intent, `bring an agent for ${task.intent} up`)
      : { text: 'wait for the next attempt', call: null },
  };
}

const lookAtAgents = (intent: string, text: string): NextAction => ({
  text,
  call: { does: 'check_agents', intent },
});

const errorOf = ({ error }: TaskProgress): string => withoutStop(error?.message ?? 'no reason was given');
const attemptsOf = ({ retry }: TaskPlan): number => retry.maxRetries + 1;

/** A first attempt in this process is not recorded: it began when the last of what it depends on was done. */
const beganAt = (unit: Unit, { dependsOn }: TaskPlan): number =>
  Math.max(unit.startedAt, ...dependsOn.map((id) => progressOf(unit, id).since ?? unit.startedAt));
