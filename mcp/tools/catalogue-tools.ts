import type { CallToolResult, InputRequiredResult, ServerContext } from '@modelcontextprotocol/server';
import { problemOf, type Answer, type Execute, type Problem } from '#application/execute.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { clean, conciseCaps, detailedCaps } from '../clean.ts';
import type { McpCaller, Offer } from '../offer.ts';
import { mayUse, scopeOf } from '../scopes.ts';
import type { Confirm } from './confirm.ts';
import { answered, refused } from './result.ts';
import { doorFields, toolsOf, type CatalogueTool } from './tool.ts';
import { toolWords } from './words.ts';

/** More than any page of any tool at its usual size; what is larger is asked for in parts. */
const MOST_CHARACTERS = 100_000;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

type Input = Readonly<Record<string, unknown>>;
type Result = CallToolResult | InputRequiredResult;

/** The catalogue as tools. */
export function catalogueTools(
  catalogue: readonly AnyUseCase[],
  execute: Execute,
  confirm: Confirm,
): NonNullable<Offer['tools']> {
  const tools = toolsOf(catalogue);
  const say = toolWords(tools);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    list: (caller) => tools.flatMap(({ useCase, listed }) => (mayUse(caller, useCase) ? [listed] : [])),
    call: (caller, name, input, context) => {
      const tool = byName.get(name);
      return tool ? call({ execute, confirm, say }, tool, caller, input, context) : undefined;
    },
  };
}

type Parts = { readonly execute: Execute; readonly confirm: Confirm; readonly say: (text: string) => string };

async function call(
  { execute, confirm, say }: Parts,
  tool: CatalogueTool,
  caller: McpCaller,
  given: Input,
  context: ServerContext,
): Promise<Result> {
  const forbidden = forbiddenTo(caller, tool);
  if (forbidden !== undefined) return refused(problemOf('auth.forbidden', forbidden));
  const wrong = wrongOf(tool, given);
  if (wrong !== undefined) return refused(problemOf('input.invalid', wrong));
  const input = ownInput(tool, given);
  const run = (useCase: AnyUseCase, fields: Input): Promise<Answer> =>
    execute(useCase, { ...callerOf(caller, tool, given), signal: context.mcpReq.signal }, fields);
  if (tool.destructive) {
    const confirmed = await confirm(tool.useCase, caller, input, given['confirm_token'], context);
    if ('result' in confirmed) return confirmed.result;
    return told(tool, given, await run(tool.useCase, confirmed.input), say);
  }
  return told(tool, given, await run(tool.useCase, input), say);
}

/** Asked at every call: whoever remembers a tool may have lost its right to it. */
function forbiddenTo(caller: McpCaller, { name, writes, useCase }: CatalogueTool): string | undefined {
  if (caller.readOnly && writes) return `${name} changes something, and this connection is read-only.`;
  if (mayUse(caller, useCase)) return undefined;
  const { id, roles } = caller.principal;
  return `${name} needs the scope ${scopeOf(useCase)}; ${id} (${roles.join(', ') || 'no role'}) has ${caller.scopes.join(', ') || 'none'}.`;
}

/** What is wrong with the arguments of the door itself, in words. */
function wrongOf({ hidden, presenter, writes }: CatalogueTool, given: Input): string | undefined {
  const strange = hidden.find((field) => Object.hasOwn(given, field));
  if (strange !== undefined) return `${strange}: there is no such argument.`;
  const { detail, idempotency_key: key } = given;
  if (detail !== undefined && (!presenter.detailed || (detail !== 'concise' && detail !== 'detailed')))
    return presenter.detailed ? 'detail: concise or detailed.' : 'detail: this tool has only one form.';
  if (key !== undefined && !writes) return 'idempotency_key: this tool changes nothing.';
  return key === undefined || (typeof key === 'string' && IDEMPOTENCY_KEY.test(key))
    ? undefined
    : 'idempotency_key: 1 to 200 visible ASCII characters.';
}

function ownInput({ presenter }: CatalogueTool, given: Input): Input {
  const own = Object.entries(given).filter(([field]) => !(doorFields as readonly string[]).includes(field));
  return { ...(presenter.page === undefined ? {} : { limit: presenter.page }), ...Object.fromEntries(own) };
}

function callerOf({ principal, requestId }: McpCaller, { writes }: CatalogueTool, given: Input) {
  const key = given['idempotency_key'];
  return {
    principal,
    door: 'mcp' as const,
    requestId,
    ...(writes && typeof key === 'string' ? { idempotencyKey: key } : {}),
  };
}

function told({ presenter }: CatalogueTool, { detail }: Input, answer: Answer, say: Parts['say']): CallToolResult {
  if (!answer.ok) return refused(inWords(answer.problem, say));
  const full = detail === 'detailed' && presenter.detailed !== undefined;
  const shown = (full ? presenter.detailed : presenter.concise)?.(answer.output as never) ?? {};
  const waiting = 'waiting_for' in shown ? { waiting_for: say(String(shown.waiting_for)) } : {};
  const output = clean({ ...shown, ...waiting }, presenter.caps ?? (full ? detailedCaps : conciseCaps)) as object;
  const result = answered(output, presenter.quotes);
  const [text] = result.content;
  return text?.type === 'text' && text.text.length > MOST_CHARACTERS
    ? refused(
        problemOf(
          'input.too_large',
          `The answer has ${text.text.length} characters, more than ${MOST_CHARACTERS}.`,
          'Ask with detail: concise, or for a smaller page (limit).',
        ),
      )
    : result;
}

const inWords = (problem: Problem, say: Parts['say']): Problem => ({
  ...problem,
  message: say(problem.message),
  ...(problem.hint === undefined ? {} : { hint: say(problem.hint) }),
});
