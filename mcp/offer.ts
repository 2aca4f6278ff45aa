import type {
  CallToolResult,
  CompleteRequestParams,
  CompleteResult,
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  ServerContext,
  Tool,
} from '@modelcontextprotocol/server';
import type { Principal } from '#application/principal.ts';
import type { Scope } from './scopes.ts';

/** Who speaks to us over MCP, on one request. */
export type McpCaller = {
  /** Always of kind agent. */
  readonly principal: Principal;
  readonly requestId: string;
  /** What its token's roles allow over this door. */
  readonly scopes: readonly Scope[];
  /** Whether the client can ask its user something in the middle of a call. */
  readonly canAsk: boolean;
  /** The client wants to see no tool that changes anything. */
  readonly readOnly: boolean;
};

type Answer<T> = Promise<T> | undefined;

/** A part of what the server offers. Each function answers undefined for what it does not have. */
export type Offer = {
  readonly tools?: {
    readonly list: (caller: McpCaller) => readonly Tool[];
    readonly call: (
      caller: McpCaller,
      name: string,
      input: Readonly<Record<string, unknown>>,
      context: ServerContext,
    ) => Answer<CallToolResult | InputRequiredResult>;
  };
  readonly resources?: {
    readonly list: readonly Resource[];
    readonly templates: readonly ResourceTemplateType[];
    readonly read: (caller: McpCaller, uri: string) => Answer<ReadResourceResult>;
  };
  readonly prompts?: {
    readonly list: readonly Prompt[];
    readonly get: (
      caller: McpCaller,
      name: string,
      input: Readonly<Record<string, string>>,
      context: ServerContext,
    ) => Answer<GetPromptResult | InputRequiredResult>;
  };
  readonly complete?: (caller: McpCaller, params: CompleteRequestParams) => Answer<CompleteResult>;
};
