import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequests,
  type InputRequiredResult,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import { setTimeout as pause } from 'node:timers/promises';
import type { Offer } from '#mcp/offer.ts';
import type { ConfirmationCodec } from '#mcp/tools/confirm.ts';

// What the official conformance suite expects a server to offer for it: words and figures are the suite's own.

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const BETWEEN_MS = 50;

type Result = CallToolResult | InputRequiredResult;
type Input = Readonly<Record<string, unknown>>;
type Fixture = {
  readonly run: (input: Input, context: ServerContext) => Result | Promise<Result>;
  readonly needs?: readonly string[];
};

const text = (said: string): CallToolResult => ({ content: [{ type: 'text', text: said }] });
const embedded = (uri: string, said: string, mimeType = 'text/plain') => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: said },
});
const elicit = (message: string, properties: object, required: readonly string[] = Object.keys(properties)) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { ...properties }, required: [...required] },
  });
const name = { name: { type: 'string' } };
const capitalQuestion = inputRequired.createMessage({
  messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
  maxTokens: 100,
});

/** Old clients are asked within the call, new ones by an answer that asks: the SDK knows which. */
const ask = (context: ServerContext, requests: InputRequests, then: (said: Input) => CallToolResult): Result => {
  const said = context.mcpReq.inputResponses;
  const missing = Object.entries(requests).filter(([key]) => !isUsable(said?.[key], requests[key]));
  return missing.length > 0 ? inputRequired({ inputRequests: Object.fromEntries(missing) }) : then(said ?? {});
};

function isUsable(said: unknown, request: InputRequests[string] | undefined): boolean {
  if (typeof said !== 'object' || said === null) return false;
  if (request?.method !== 'elicitation/create') return true;
  const { action, content } = said as { action?: unknown; content?: Readonly<Record<string, unknown>> };
  if (action !== 'accept') return action === 'decline' || action === 'cancel';
  const { requestedSchema } = request.params as { requestedSchema?: { required?: readonly string[] } };
  return (requestedSchema?.required ?? []).every((field) => content?.[field] !== undefined);
}

async function progress({ mcpReq }: ServerContext): Promise<CallToolResult> {
  const { _meta: meta } = mcpReq;
  const token = meta?.progressToken;
  for (const done of [0, 50, 100]) {
    if (token !== undefined)
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken: token, progress: done, total: 100 },
      });
    if (done < 100) await pause(BETWEEN_MS);
  }
  return text('Done.');
}

async function logging({ mcpReq }: ServerContext): Promise<CallToolResult> {
  for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await mcpReq.log('info', said);
    await pause(BETWEEN_MS);
  }
  return text('Logged.');
}

const completed = (said: unknown): CallToolResult => {
  const { action, content } = said as { action: string; content?: unknown };
  return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
};

const defaults = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const titled = (...titles: readonly string[]) => titles.map((title, index) => ({ const: `value${index + 1}`, title }));
const enums = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', oneOf: titled('First Option', 'Second Option', 'Third Option') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: { anyOf: titled('First Choice', 'Second Choice', 'Third Choice') } },
};

const abilities = ({ mcpReq }: ServerContext): Readonly<Record<string, unknown>> =>
  ((mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ??
    {}) as Readonly<Record<string, unknown>>;

const nameOf = (said: Input, key: string): string => (said[key] as { content?: { name?: string } }).content?.name ?? '';

const round = ({ mcpReq }: ServerContext): number => mcpReq.requestState<{ stage_entry: number }>()?.stage_entry ?? 0;

function askingBack(codec: ConfirmationCodec): Readonly<Record<string, Fixture>> {
  const mint = (next: number, context: ServerContext) =>
    codec.mint({ use_case: 'conformance', client_id: '', stage_entry: next, status: '', target: '' }, context);
  const confirm = elicit('Please confirm', { ok: { type: 'boolean' } });
  const withState = async (context: ServerContext, requests: InputRequests, done: string): Promise<Result> =>
    round(context) > 0 && context.mcpReq.inputResponses !== undefined
      ? text(done)
      : inputRequired({ inputRequests: requests, requestState: await mint(1, context) });
  return {
    test_input_required_result_request_state: { run: (_i, context) => withState(context, { confirm }, 'state-ok') },
    test_input_required_result_tampered_state: { run: (_i, context) => withState(context, { confirm }, 'state-ok') },
    test_input_required_result_multiple_inputs: {
      run: (_i, context) =>
        withState(
          context,
          {
            user_name: elicit('What is your name?', name),
            greeting: inputRequired.createMessage({
              messages: [{ role: 'user', content: { type: 'text', text: 'Generate a greeting' } }],
              maxTokens: 50,
            }),
            client_roots: inputRequired.listRoots(),
          },
          'All there.',
        ),
    },
    test_input_required_result_multi_round: {
      run: async (_i, context) => {
        const at = round(context);
        if (at === 2) return text('Three rounds.');
        const question =
          at === 1
            ? { step2: elicit('Step 2: What is your favorite color?', { color: { type: 'string' } }) }
            : { step1: elicit('Step 1: What is your name?', name) };
        return inputRequired({ inputRequests: question, requestState: await mint(at + 1, context) });
      },
    },
  };
}

const plain: Readonly<Record<string, Fixture>> = {
  test_simple_text: { run: () => text('This is a simple text response for testing.') },
  test_image_content: { run: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }) },
  test_audio_content: { run: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }) },
  test_embedded_resource: {
    run: () => ({ content: [embedded('test://embedded-resource', 'This is an embedded resource content.')] }),
  },
  test_multiple_content_types: {
    run: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: PNG, mimeType: 'image/png' },
        embedded('test://mixed-content-resource', '{"test":"data","value":123}', 'application/json'),
      ],
    }),
  },
  test_tool_with_logging: { run: (_i, context) => logging(context) },
  test_logging_tool: { run: (_i, context) => logging(context) },
  test_error_handling: {
    run: () => ({ isError: true, ...text('This tool intentionally returns an error for testing') }),
  },
  test_tool_with_progress: { run: (_i, context) => progress(context) },
  test_sampling: {
    needs: ['prompt'],
    run: ({ prompt }, context) =>
      ask(
        context,
        {
          said: inputRequired.createMessage({
            messages: [{ role: 'user', content: { type: 'text', text: String(prompt) } }],
            maxTokens: 100,
          }),
        },
        ({ said }) => text(`LLM response: ${JSON.stringify((said as { content: unknown }).content)}`),
      ),
  },
  test_elicitation: {
    needs: ['message'],
    run: ({ message }, context) =>
      ask(
        context,
        {
          said: elicit(String(message), {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          }),
        },
        ({ said }) => text(`User response: ${JSON.stringify(said)}`),
      ),
  },
  test_elicitation_sep1034_defaults: {
    run: (_i, context) => ask(context, { said: elicit('Defaults', defaults, []) }, ({ said }) => completed(said)),
  },
  test_elicitation_sep1330_enums: {
    run: (_i, context) => ask(context, { said: elicit('Enums', enums, []) }, ({ said }) => completed(said)),
  },
  test_streaming_elicitation: {
    run: (_i, context) => ask(context, { user_name: elicit('What is your name?', name) }, () => text('Streamed.')),
  },
  test_missing_capability: {
    run: (_i, context) => ask(context, { capital_question: capitalQuestion }, () => text('It can.')),
  },
  test_input_required_result_elicitation: {
    run: (_i, context) =>
      ask(context, { user_name: elicit('What is your name?', name) }, (said) =>
        text(`Hello, ${nameOf(said, 'user_name')}!`),
      ),
  },
  test_input_required_result_sampling: {
    run: (_i, context) =>
      ask(context, { capital_question: capitalQuestion }, (said) => text(JSON.stringify(said['capital_question']))),
  },
  test_input_required_result_list_roots: {
    run: (_i, context) =>
      ask(context, { client_roots: inputRequired.listRoots() }, (said) => text(JSON.stringify(said['client_roots']))),
  },
  test_input_required_result_capabilities: {
    run: (_i, context) => {
      const { sampling, elicitation } = abilities(context);
      return ask(
        context,
        {
          ...(sampling === undefined ? {} : { capital_question: capitalQuestion }),
          ...(elicitation === undefined ? {} : { user_name: elicit('What is your name?', name) }),
        },
        () => text('Asked only what can be answered.'),
      );
    },
  },
};

/** Everything that the suite asks of a server beyond what ours has. */
export function conformanceFixtures(codec: ConfirmationCodec): Offer {
  const fixtures = new Map(Object.entries({ ...plain, ...askingBack(codec) }));
  const tools: readonly Tool[] = [...fixtures].map(([tool, { needs = [] }]) => ({
    name: tool,
    description: 'A fixture of the conformance suite.',
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(needs.map((need) => [need, { type: 'string' }])),
      required: [...needs],
    },
  }));
  return {
    tools: {
      list: () => tools,
      call: (_caller, tool, input, context) => {
        const fixture = fixtures.get(tool);
        return fixture ? Promise.resolve(fixture.run(input, context)) : undefined;
      },
    },
    resources: {
      list: ['static-text', 'static-binary', 'watched-resource'].map((id) => ({ uri: `test://${id}`, name: id })),
      templates: [{ name: 'template', uriTemplate: 'test://template/{id}/data', mimeType: 'application/json' }],
      read: (_caller, uri) => {
        const contents = contentsOf(uri);
        return contents && Promise.resolve({ contents: [{ uri, ...contents }] });
      },
    },
    prompts: {
      list: [
        { name: 'test_simple_prompt', description: 'A fixture.' },
        {
          name: 'test_prompt_with_arguments',
          description: 'A fixture.',
          arguments: ['arg1', 'arg2'].map((argument) => ({ name: argument, required: true })),
        },
        {
          name: 'test_prompt_with_embedded_resource',
          description: 'A fixture.',
          arguments: [{ name: 'resourceUri', required: true }],
        },
        { name: 'test_prompt_with_image', description: 'A fixture.' },
        { name: 'test_input_required_result_prompt', description: 'A fixture.' },
      ],
      get: (_caller, prompt, given, context) => {
        if (prompt === 'test_input_required_result_prompt') return Promise.resolve(promptThatAsks(context));
        const said = promptMessages(prompt, given);
        return said && Promise.resolve({ messages: said.map((content) => ({ role: 'user' as const, content })) });
      },
    },
  };
}

function contentsOf(uri: string) {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id !== undefined)
    return {
      mimeType: 'application/json',
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
    };
  if (uri === 'test://static-binary') return { mimeType: 'image/png', blob: PNG };
  if (uri === 'test://static-text' || uri === 'test://watched-resource')
    return { mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  return undefined;
}

const say = (said: string) => ({ type: 'text' as const, text: said });

function promptMessages(prompt: string, given: Readonly<Record<string, string>>) {
  switch (prompt) {
    case 'test_simple_prompt':
      return [say('This is a simple prompt for testing.')];
    case 'test_prompt_with_arguments':
      return [say(`Prompt with arguments: arg1='${given['arg1']}', arg2='${given['arg2']}'`)];
    case 'test_prompt_with_embedded_resource':
      if (given['resourceUri'] === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'resourceUri');
      return [
        embedded(given['resourceUri'], 'Embedded resource content for testing.'),
        say('Please process the embedded resource above.'),
      ];
    case 'test_prompt_with_image':
      return [{ type: 'image' as const, data: PNG, mimeType: 'image/png' }, say('Please analyze the image above.')];
    default:
      return undefined;
  }
}

function promptThatAsks(context: ServerContext) {
  const said = context.mcpReq.inputResponses;
  return said === undefined
    ? inputRequired({
        inputRequests: {
          user_context: elicit('What context should the prompt use?', { context: { type: 'string' } }),
        },
      })
    : { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: JSON.stringify(said) } }] };
}
