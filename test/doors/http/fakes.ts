import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { Answer, Execute } from '#application/execute.ts';
import type { Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import type { Authenticate } from '#application/tokens.ts';
import { defineUseCase, type AnyUseCase, type Caller } from '#application/use-case.ts';
import { httpApp, type HttpOptions } from '#http/app.ts';
import { wideEntrance } from '#test/support/http/wide-entrance.ts';

export const ann: Principal = {
  id: 'ann',
  kind: 'user',
  roles: ['operator'],
  clients: null,
  evidenceKinds: [],
  intents: null,
};
export const TOKEN = 'jo_ann';

export const showThing = defineUseCase({
  name: 'thing.show',
  summary: 'Show a thing.',
  effect: 'read',
  allow: ['viewer'],
  surface: { http: { route: 'GET /api/v1/things/:thing_id' } },
  input: z.strictObject({
    thing_id: z.string(),
    limit: z.coerce.number().int().max(10).default(5),
    tags: z.array(z.string()).optional(),
    loud: z.boolean().optional(),
  }),
  output: z.object({ thing_id: z.string(), version: z.number() }),
  run: async (_dependencies, _call, { thing_id }) => ({ thing_id, version: 7 }),
});

export const makeThing = defineUseCase({
  name: 'thing.make',
  summary: 'Make a thing.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: {
      route: 'POST /api/v1/things/:thing_id/parts',
      status: 201,
      location: ({ thing_id }: { thing_id: string }) => `/api/v1/things/${thing_id}`,
    },
  },
  input: z.looseObject({ thing_id: z.string() }),
  output: z.object({ thing_id: z.string() }),
  run: async (_dependencies, _call, { thing_id }) => ({ thing_id }),
});

export const dropThing = defineUseCase({
  name: 'thing.drop',
  summary: 'Drop a thing.',
  effect: 'destructive',
  allow: ['operator'],
  surface: { http: { route: 'DELETE /api/v1/things/:thing_id' } },
  input: z.strictObject({ thing_id: z.string() }),
  output: z.object({ dropped: z.literal(true) }),
  run: async () => ({ dropped: true as const }),
});

export const things: readonly AnyUseCase[] = [showThing, makeThing, dropThing];

export type Executed = { readonly useCase: string; readonly call: Caller; readonly input: unknown };
export type Line = { readonly level: string; readonly message: string; readonly fields: JsonObject };

const authenticate: Authenticate = async (token) =>
  token === TOKEN ? ann : refuse('auth.invalid', 'The token is not known here.');

type DoorOptions = Partial<HttpOptions> & {
  readonly authenticate?: Authenticate;
  readonly reply?: (executed: Executed) => Answer;
};

/** The door with everything behind it replaced by programs that remember what they were given. */
export function door(overrides: DoorOptions = {}) {
  const executed: Executed[] = [];
  const lines: Line[] = [];
  let ids = 0;
  const execute: Execute = async (useCase, call, input) => {
    const seen = { useCase: useCase.name, call, input };
    executed.push(seen);
    return overrides.reply?.(seen) ?? { ok: true, output: { thing_id: 't1', version: 7 } };
  };
  const app = httpApp({
    execute,
    entrance: wideEntrance(overrides.authenticate ?? authenticate),
    catalogue: things,
    readiness: async () => ({ ready: true, mode: 'embedded', checks: { database: 'ok' } }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    ids: { random: () => `unique-${(ids += 1)}` },
    logger: loggerInto(lines),
    now: () => 0,
    version: '1.2.3',
    ...overrides,
  });
  return { app, executed, lines };
}

export function loggerInto(lines: Line[]): Logger {
  const at =
    (level: string) =>
    (message: string, fields: JsonObject = {}): void => {
      lines.push({ level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const bearer = { authorization: `Bearer ${TOKEN}` };

export const posting = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { ...bearer, 'content-type': 'application/json', ...headers },
  body,
});

export type ProblemBody = {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly status: number;
  readonly request_id: string;
  readonly [key: string]: unknown;
};
export const problemIn = async (response: Response): Promise<ProblemBody> => (await response.json()) as ProblemBody;
