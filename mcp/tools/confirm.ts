import {
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequiredResult,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { z } from 'zod';
import { problemOf, type Execute } from '#application/execute.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { JourneyView } from '#application/view.ts';
import { clean, conciseCaps } from '../clean.ts';
import type { McpCaller } from '../offer.ts';
import { answered, refused } from './result.ts';

type Journey = z.output<typeof JourneyView>;
type Input = Readonly<Record<string, unknown>>;

/** What was shown when confirmation was asked for: a yes to this is no yes to anything else. */
type Shown = {
  readonly use_case: string;
  readonly client_id: string;
  readonly stage_entry: number;
  readonly status: string;
  /** The stage to go back to, or for what has none the whole request. */
  readonly target: string;
};

export type Confirm = (
  useCase: AnyUseCase,
  caller: McpCaller,
  input: Input,
  token: unknown,
  context: ServerContext,
) => Promise<{ readonly input: Input } | { readonly result: CallToolResult | InputRequiredResult }>;

const VALID_FOR_SECONDS = 600;

export type ConfirmationCodec = RequestStateCodec<Shown>;

/** Signs what was shown, for one principal and for ten minutes. The key is the same in all replicas. */
export const confirmationCodec = (key: string): ConfirmationCodec =>
  createRequestStateCodec<Shown>({
    key,
    ttlSeconds: VALID_FOR_SECONDS,
    bind: (context) => context.http?.authInfo?.clientId ?? '',
  });

/**
 * Nothing that destroys is done at a model's first word. A client that can ask its user does so (elicitation); any other
 * gets a preview and a token, and the same call with that token does it, unless the journey has moved since.
 */
export function confirmWith(codec: ConfirmationCodec, show: AnyUseCase, execute: Execute): Confirm {
  return async (useCase, caller, input, token, context) => {
    const parsed = useCase.input.safeParse(input);
    const clientId = parsed.success ? useCase.client?.(parsed.data) : undefined;
    // What is wrong or about nobody is refused, or not, by the use-case itself.
    if (clientId === undefined) return { input };
    const { principal, requestId } = caller;
    const answer = await execute(show, { principal, door: 'mcp', requestId }, { client_id: clientId });
    if (!answer.ok) return { result: refused(answer.problem) };
    const journey = JourneyView.parse(answer.output);
    const target = targetOf(journey, input);
    // There is nothing to go back to, and if there soon is, nobody has confirmed it.
    if (target === undefined) return { input: { ...input, ...pinned(useCase, journey.stage_entry) } };
    const now: Shown = {
      use_case: useCase.name,
      client_id: clientId,
      stage_entry: journey.stage_entry,
      status: journey.status,
      target,
    };
    const agreed = await agreement(codec, token, context);
    if (agreed === 'declined') return { result: declined };
    if (agreed === undefined) return { result: await asked(codec, now, journey, caller.canAsk, context) };
    if (agreed === 'broken' || !same(agreed, now))
      return {
        result: refused(
          problemOf(
            agreed === 'broken' ? 'input.invalid' : 'journey.moved',
            agreed === 'broken'
              ? 'confirm_token is not one of ours, was for somebody else, or is older than ten minutes.'
              : `What was confirmed (${words(agreed)}) is not what would be done now (${words(now)}).`,
            'Call again without confirm_token, and look at the new preview.',
          ),
        ),
      };
    return { input: { ...input, ...pinned(useCase, agreed.stage_entry, agreed.target) } };
  };
}

const declined: CallToolResult = {
  isError: true,
  content: [{ type: 'text', text: 'The user did not agree. Nothing was changed; do not ask again by yourself.' }],
};

const targetOf = (journey: Journey, input: Input): string | undefined =>
  typeof input['to_stage'] === 'string' ? input['to_stage'] : journey.completed_stages.at(-1);

/** Done is what was shown: the stage by name, and only while the journey is still in that entry. */
const pinned = ({ name }: AnyUseCase, stage_entry: number, target?: string): Input =>
  name === 'journey.roll_back'
    ? { if_stage_entry: stage_entry, ...(target === undefined ? {} : { to_stage: target }) }
    : {};

async function agreement(
  codec: ConfirmationCodec,
  token: unknown,
  context: ServerContext,
): Promise<Shown | 'declined' | 'broken' | undefined> {
  if (token !== undefined) {
    try {
      return typeof token === 'string' ? await codec.verify(token, context) : 'broken';
    } catch {
      return 'broken';
    }
  }
  // Verified by the SDK before it got here.
  const shown = context.mcpReq.requestState<Shown>();
  if (shown === undefined) return undefined;
  const said = inputResponse(context.mcpReq.inputResponses, 'confirm');
  if (said.kind !== 'elicit') return undefined;
  return said.action === 'accept' && said.content?.['confirm'] === true ? shown : 'declined';
}

async function asked(
  codec: ConfirmationCodec,
  shown: Shown,
  journey: Journey,
  canAsk: boolean,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const token = await codec.mint(shown, context);
  const running = journey.units.flatMap(({ tasks }) => tasks).filter(({ status }) => status === 'running').length;
  const question = `Take ${shown.client_id} back from ${journey.stage} to ${shown.target}? ${running} running tasks are cancelled, approvals are void, and the work of ${shown.target} starts anew.`;
  if (canAsk)
    return inputRequired({
      inputRequests: {
        confirm: inputRequired.elicit({
          message: question,
          requestedSchema: {
            type: 'object',
            properties: { confirm: { type: 'boolean', title: 'Yes, do it' } },
            required: ['confirm'],
          },
        }),
      },
      requestState: token,
    });
  const preview = {
    preview: question,
    client_id: shown.client_id,
    status: shown.status,
    stage: journey.stage,
    stage_entry: shown.stage_entry,
    gate: journey.gate,
    waiting_for: journey.waiting_for,
    target: shown.target,
    next: 'Nothing has been changed. If a person agrees, call this tool again with the same arguments and confirm_token.',
  };
  return answered({ ...(clean(preview, conciseCaps) as object), confirm_token: token }, true);
}

const same = (one: Shown, other: Shown): boolean =>
  one.use_case === other.use_case &&
  one.client_id === other.client_id &&
  one.stage_entry === other.stage_entry &&
  one.status === other.status &&
  one.target === other.target;

const words = ({ client_id, stage_entry, status, target }: Shown): string =>
  `${client_id}, ${status}, stage entry ${stage_entry}, to ${target}`;
