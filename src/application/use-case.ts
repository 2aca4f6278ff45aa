import type { z } from 'zod';
import type { Refusal } from '#core/errors.ts';
import type { Dependencies } from './dependencies.ts';
import type { Principal, Role } from './principal.ts';

export const doors = ['rest', 'cli', 'mcp', 'slack', 'ops', 'scheduler', 'agent'] as const;
export type Door = (typeof doors)[number];

/** One call, as a door hands it in. */
export type Caller = {
  readonly principal: Principal;
  readonly door: Door;
  /** Unique to the call: the journal recognises its own commits by it. */
  readonly requestId: string;
  /** Scoped to the principal and the client: the same key and request give the same answer. */
  readonly idempotencyKey?: string;
  /** Aborts when the caller has hung up. */
  readonly signal?: AbortSignal;
};

/** One call, as `execute` lets it through. */
export type Call = Pick<Caller, 'principal' | 'door' | 'requestId' | 'signal'> & {
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
};

export type HttpSurface = {
  /** `METHOD /path/:param`; path parameters and the query are input fields of the same name. */
  readonly route: `${'GET' | 'POST' | 'DELETE'} /${string}`;
  /** The status of a success that made something new; 200 unless said. */
  readonly status?: 201;
  /** The Location of what was made, from the output. */
  readonly location?: (output: never) => string;
  readonly document?: DocumentSurface;
};

/** A body that is a file as it stands, and not fields in JSON: the other fields come by the query. */
export type DocumentSurface = {
  /** The input field that holds its text. */
  readonly field: string;
  readonly most_bytes: number;
  /** Media types that it may come as. */
  readonly types: readonly string[];
};

export type CliSurface = {
  /** As typed: `start`, `evidence add`, `token create`. Flags are the input's fields in kebab case. */
  readonly verb: string;
  /** As help shows them, without the name of the program. */
  readonly examples: readonly string[];
};

export type McpSurface = {
  /** As agents call it: `get_journey`. */
  readonly tool: string;
  /** What a model that knows nothing else must be told besides the summary: when to take it, and what comes next. */
  readonly guidance?: string;
  /** Fields that agents are not shown, because another tool does that. */
  readonly hide?: readonly string[];
};

export type SlackSurface = {
  /** As typed after `/journey`: `status`, `people map`. */
  readonly word: string;
  /** Fields that may be typed in this order without their names; the last one takes the rest of the line. */
  readonly typed?: readonly string[];
  /** As help shows it, after `/journey`. */
  readonly example: string;
};

export type UseCase<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = {
  /** Dotted, stable: `journey.start`. */
  readonly name: string;
  /** One sentence for people and agents. */
  readonly summary: string;
  readonly effect: 'read' | 'write' | 'destructive';
  readonly allow: readonly Role[];
  /** Kinds of principal that may use it; all unless said. */
  readonly kinds?: readonly Principal['kind'][];
  readonly surface: {
    readonly http?: HttpSurface;
    readonly cli?: CliSurface;
    readonly mcp?: McpSurface;
    readonly slack?: SlackSurface;
    /** Why a door does without it. */
    readonly without?: { readonly [door in 'http' | 'cli' | 'mcp' | 'slack']?: string };
  };
  readonly input: I;
  readonly output: O;
  /** The client that the call is about, if it is about one: tokens may be limited to some. */
  readonly client?: (input: z.output<I>) => string | undefined;
  readonly run: (dependencies: Dependencies, call: Call, input: z.output<I>) => Promise<z.input<O> | Refusal>;
};

export const defineUseCase = <I extends z.ZodType, O extends z.ZodType>(useCase: UseCase<I, O>): UseCase<I, O> =>
  useCase;

/** Any use-case, where its types do not matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- input and output are checked by the use-case's own schemas.
export type AnyUseCase = UseCase<any, any>;
