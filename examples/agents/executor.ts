import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Message, Role, TaskState } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor, type ExecutionEventBus, type RequestContext } from '@a2a-js/sdk/server';
import type { Input, Skill } from './skill.ts';

export type ExecutorOptions = {
  readonly skills: readonly Skill[];
  readonly work_ms: number;
  /** Intents whose first attempt fails, so that retries can be seen. */
  readonly failFirst: ReadonlySet<string>;
};

/** Does the work of a task: says each step as a status update, then hands over the artifact named `output`. */
export function skillExecutor(options: ExecutorOptions): AgentExecutor {
  const running = new Map<string, AbortController>();
  return {
    execute: async (request, bus) => {
      const cancelled = new AbortController();
      running.set(request.taskId, cancelled);
      try {
        await work(options, request, reporter(request, bus), cancelled.signal);
      } finally {
        running.delete(request.taskId);
      }
    },
    cancelTask: (taskId) => {
      // The run that is called off publishes the state itself, so that nothing it says can come after it.
      running.get(taskId)?.abort();
      return Promise.resolve();
    },
  };
}

async function work(
  options: ExecutorOptions,
  request: RequestContext,
  report: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const { intent, attempt, input } = orderOf(request.userMessage);
  report.accepted();
  const skill = options.skills.find((known) => known.intent === intent);
  if (!skill) return report.status(TaskState.TASK_STATE_REJECTED, `there is no skill ${intent}`);
  const objection = skill.objection(input);
  if (objection !== null) return report.status(TaskState.TASK_STATE_REJECTED, objection);
  const steps = skill.steps(input);
  for (const step of steps) {
    report.status(TaskState.TASK_STATE_WORKING, step);
    await wait(options.work_ms / steps.length, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return report.status(TaskState.TASK_STATE_CANCELED, `cancelled while ${step}`);
  }
  if (attempt === 1 && options.failFirst.has(intent)) {
    return report.status(TaskState.TASK_STATE_FAILED, 'the first attempt fails, as --fail-first asks');
  }
  report.output(skill.output(input));
  report.status(TaskState.TASK_STATE_COMPLETED, 'done');
}

function orderOf({ metadata, parts }: Message): { intent: string; attempt: number; input: Input } {
  const data = parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as Input] : []));
  const { intent, skillId, attempt } = metadata ?? {};
  return { intent: String(intent ?? skillId), attempt: Number(attempt ?? 1), input: data[0] ?? {} };
}

type Reporter = ReturnType<typeof reporter>;

function reporter({ taskId, contextId, userMessage }: RequestContext, bus: ExecutionEventBus) {
  const status = (state: TaskState, text: string) => {
    const message = says(text, taskId, contextId);
    bus.publish(
      AgentEvent.statusUpdate({ taskId, contextId, status: { state, message, timestamp: now() }, metadata: undefined }),
    );
  };
  const accepted = () => {
    const submitted = { state: TaskState.TASK_STATE_SUBMITTED, message: undefined, timestamp: now() };
    const task = {
      id: taskId,
      contextId,
      status: submitted,
      artifacts: [],
      history: [userMessage],
      metadata: undefined,
    };
    bus.publish(AgentEvent.task(task));
  };
  const output = (value: { readonly [name: string]: unknown }) => {
    const part = {
      content: { $case: 'data' as const, value },
      metadata: undefined,
      filename: '',
      mediaType: 'application/json',
    };
    const artifact = {
      artifactId: 'output',
      name: 'output',
      description: '',
      parts: [part],
      metadata: undefined,
      extensions: [],
    };
    bus.publish(
      AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }),
    );
  };
  return { accepted, status, output };
}

const now = (): string => new Date().toISOString();

const says = (text: string, taskId: string, contextId: string): Message => ({
  messageId: randomUUID(),
  taskId,
  contextId,
  role: Role.ROLE_AGENT,
  parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' }],
  metadata: undefined,
  extensions: [],
  referenceTaskIds: [],
});
