/**
 * An agent of the official SDK in a process of its own that goes on only when it is given something. By intent:
 * `ask_input` asks for a region, `ask_login` for an authorization, `wait_for_it` says nothing and works; the last two go
 * on when somebody posts to /release. It sends push notifications to whoever has asked for them. Prints one line once it listens.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { type Message, Role, TaskState, taskStateToJSON } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type RequestContext,
  ServerCallContext,
} from '@a2a-js/sdk/server';
import { getRequestListener } from '@hono/node-server';
import { bindings, cardFor, type Binding } from '../../../examples/agents/card.ts';
import { agentRoutes } from '../../../examples/agents/routes.ts';

const intents = ['ask_input', 'ask_login', 'wait_for_it'];
const offered = (process.argv[2] ?? Object.keys(bindings).join(',')).split(',') as Binding[];
let release = Promise.withResolvers<void>();
let received: object[] = [];

const executor: AgentExecutor = {
  execute: async (request, bus) => {
    const { intent, data } = orderOf(request.userMessage);
    received.push({ intent, data, taskId: request.task?.id ?? null });
    const say = sayingOn(request, bus);
    if (!request.task) say.accepted();
    if (intent === 'ask_input' && !request.task)
      return say.status(TaskState.TASK_STATE_INPUT_REQUIRED, 'which region?');
    if (intent !== 'ask_input') {
      if (intent === 'ask_login') say.status(TaskState.TASK_STATE_AUTH_REQUIRED, 'log in at the agent');
      else say.status(TaskState.TASK_STATE_WORKING, 'at work');
      await release.promise;
    }
    say.status(TaskState.TASK_STATE_WORKING, 'going on');
    say.output({ region: data['region'] ?? 'none' });
    say.status(TaskState.TASK_STATE_COMPLETED, 'done');
  },
  cancelTask: () => Promise.resolve(),
};

function orderOf({ metadata, parts }: Message): { readonly intent: string; readonly data: Record<string, unknown> } {
  const [data] = parts.flatMap(({ content }) =>
    content?.$case === 'data' ? [content.value as Record<string, unknown>] : [],
  );
  return { intent: String(metadata?.['intent']), data: data ?? {} };
}

const now = (): string => new Date().toISOString();
const part = (content: Message['parts'][number]['content']) => ({
  content,
  metadata: undefined,
  filename: '',
  mediaType: '',
});

function sayingOn({ taskId, contextId, userMessage }: RequestContext, bus: ExecutionEventBus) {
  return {
    accepted: () =>
      bus.publish(
        AgentEvent.task({
          id: taskId,
          contextId,
          status: { state: TaskState.TASK_STATE_SUBMITTED, message: undefined, timestamp: now() },
          artifacts: [],
          history: [userMessage],
          metadata: undefined,
        }),
      ),
    status: (state: TaskState, text: string) =>
      bus.publish(
        AgentEvent.statusUpdate({
          taskId,
          contextId,
          status: {
            state,
            message: {
              messageId: randomUUID(),
              taskId,
              contextId,
              role: Role.ROLE_AGENT,
              parts: [part({ $case: 'text', value: text })],
              metadata: undefined,
              extensions: [],
              referenceTaskIds: [],
            },
            timestamp: now(),
          },
          metadata: undefined,
        }),
      ),
    output: (value: object) =>
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId: 'output',
            name: 'output',
            description: '',
            parts: [part({ $case: 'data', value })],
            metadata: undefined,
            extensions: [],
          },
          append: false,
          lastChunk: true,
          metadata: undefined,
        }),
      ),
  };
}

const server = createServer();
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
const skills = intents.map((intent) => ({
  intent,
  name: intent,
  description: intent,
  examples: [],
  objection: () => null,
  steps: () => [],
  output: () => ({}),
}));
const plain = cardFor({ name: 'Asking agent', description: 'Asks.', defaultPort: 0, skills }, url, offered);
const card = { ...plain, capabilities: { ...plain.capabilities, pushNotifications: true } } as typeof plain;
const pushes = new InMemoryPushNotificationStore();
const tasks = new InMemoryTaskStore();
const handler = new DefaultRequestHandler(
  card,
  tasks,
  executor,
  undefined,
  pushes,
  new DefaultPushNotificationSender(pushes),
);
const app = agentRoutes({ card, handler });
app.post('/release', (c) => {
  release.resolve();
  return c.json({});
});
app.get('/received', (c) => c.json(received));
app.get('/state/:id', async (c) => {
  const task = await tasks.load(c.req.param('id'), new ServerCallContext());
  return c.json({ state: taskStateToJSON(task?.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED) });
});
app.post('/forget', (c) => {
  release = Promise.withResolvers<void>();
  received = [];
  return c.json({});
});
const listener = getRequestListener(app.fetch);
server.on('request', (request, response) => void listener(request, response));
console.log(JSON.stringify({ url, pid: process.pid }));
process.once('SIGTERM', () => process.exit(0));
