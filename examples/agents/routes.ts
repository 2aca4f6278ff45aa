import { createHash } from 'node:crypto';
import {
  A2A_CONTENT_TYPE,
  A2A_VERSION_HEADER,
  AgentCard,
  ListTasksResponse,
  Message,
  SendMessageRequest,
  Task,
  TaskState,
} from '@a2a-js/sdk';
import { restStatusFor, toRestErrorBody } from '@a2a-js/sdk/errors';
import {
  type A2ARequestHandler,
  JsonRpcTransportHandler,
  ServerCallContext,
  validateVersion,
} from '@a2a-js/sdk/server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

type Wire = { readonly card: AgentCard; readonly handler: A2ARequestHandler };

/** The agent on the wire: its card, and the JSON-RPC and REST bindings in front of the SDK's request handler. */
export function agentRoutes(wire: Wire): Hono {
  const app = new Hono();
  app.use(bodyLimit({ maxSize: 1_048_576 }));
  app.get('/.well-known/agent-card.json', cardRoute(wire.card));
  app.post('/a2a/jsonrpc', jsonRpcRoute(wire));
  app.route('/a2a/rest', restRoutes(wire));
  return app;
}

function cardRoute(card: AgentCard): (c: Context) => Response {
  const body = JSON.stringify(AgentCard.toJSON(card));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { etag, 'cache-control': 'no-cache' };
  return (c) => {
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
    return c.body(body, 200, { ...headers, 'content-type': 'application/json' });
  };
}

// A client that names no version speaks 0.3, which these agents do not.
function contextFor(c: Context, { card }: Wire, binding: 'JSONRPC' | 'HTTP+JSON'): ServerCallContext {
  const requestedVersion = c.req.header(A2A_VERSION_HEADER);
  const context = new ServerCallContext(requestedVersion === undefined ? {} : { requestedVersion });
  validateVersion(context.requestedVersion, card, binding);
  return context;
}

function jsonRpcRoute(wire: Wire): (c: Context) => Promise<Response> {
  const rpc = new JsonRpcTransportHandler(wire.handler);
  return async (c) => {
    try {
      const answer = await rpc.handle(await c.req.text(), contextFor(c, wire, 'JSONRPC'));
      if (!(Symbol.asyncIterator in answer)) return c.json(answer as object);
      // Streaming is not offered: asking for the first event makes the SDK say so.
      return c.json((await answer.next()).value as object);
    } catch (error) {
      return c.json({ jsonrpc: '2.0', id: null, error: JsonRpcTransportHandler.mapToJSONRPCError(error) });
    }
  };
}

/** The SDK has its REST routes only for Express; these few carry the same messages with the SDK's own encoders. */
function restRoutes(wire: Wire): Hono {
  const { handler } = wire;
  const app = new Hono();
  const answer = (run: (c: Context, context: ServerCallContext) => Promise<unknown>) => async (c: Context) => {
    try {
      const body = await run(c, contextFor(c, wire, 'HTTP+JSON'));
      return c.body(JSON.stringify(body), 200, { 'content-type': A2A_CONTENT_TYPE });
    } catch (error) {
      const status = restStatusFor(error);
      return c.body(JSON.stringify(toRestErrorBody(error, status)), status as 400, {
        'content-type': A2A_CONTENT_TYPE,
      });
    }
  };
  app.post(
    '/message:send',
    answer(async (c, context) => {
      const sent = await handler.sendMessage(SendMessageRequest.fromJSON(await c.req.json()), context);
      return 'messageId' in sent ? { message: Message.toJSON(sent) } : { task: Task.toJSON(sent) };
    }),
  );
  app.get(
    '/tasks',
    answer(async (c, context) => ListTasksResponse.toJSON(await handler.listTasks(listQuery(c), context))),
  );
  app.get(
    '/tasks/:id',
    answer(async (c, context) =>
      Task.toJSON(await handler.getTask({ tenant: '', id: idOf(c), ...historyLength(c) }, context)),
    ),
  );
  app.post(
    '/tasks/:id{[^:/]+:cancel}',
    answer(async (c, context) => {
      const id = idOf(c).replace(/:cancel$/, '');
      return Task.toJSON(await handler.cancelTask({ tenant: '', id, metadata: undefined }, context));
    }),
  );
  return app;
}

const idOf = (c: Context): string => c.req.param('id') ?? '';

const historyLength = (c: Context): { historyLength?: number } => {
  const asked = c.req.query('historyLength');
  return asked === undefined ? {} : { historyLength: Number(asked) };
};

const listQuery = (c: Context) => ({
  tenant: '',
  contextId: c.req.query('contextId') ?? '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageSize: Number(c.req.query('pageSize') ?? 50),
  pageToken: c.req.query('pageToken') ?? '',
  statusTimestampAfter: undefined,
  includeArtifacts: c.req.query('includeArtifacts') === 'true',
  ...historyLength(c),
});
