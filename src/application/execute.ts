import type { z } from 'zod';
import {
  errorCatalogue,
  isRefusal,
  JourneyError,
  refuse,
  type ErrorCode,
  type ErrorDetails,
  type Refusal,
} from '#core/errors.ts';
import { isObject } from '#core/json.ts';
import type { Dependencies } from './dependencies.ts';
import type { Meter } from './meter.ts';
import type { Logger } from './ports.ts';
import { effectiveRoles, maySee, type Principal } from './principal.ts';
import type { AnyUseCase, Call, Caller } from './use-case.ts';

/** How a "no" is told, whatever the door: RFC 9457 over HTTP, a message on the CLI. */
export type Problem = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly details?: ErrorDetails;
};

export type Answer =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly problem: Problem };

export type Execute = (useCase: AnyUseCase, caller: Caller, input: unknown) => Promise<Answer>;

/** The one way in: authorises, parses, runs, and turns whatever comes out into an answer. */
export function executeWith(dependencies: Dependencies, logger: Logger, meter: Pick<Meter, 'answered'>): Execute {
  const { clock } = dependencies;
  return async (useCase, caller, input) => {
    const begun = clock.machine();
    const answer = await answerTo(useCase, caller, input);
    meter.answered({
      useCase: useCase.name,
      door: caller.door,
      outcome: answer.ok ? 'ok' : answer.problem.status >= 500 ? 'failed' : 'refused',
      took_ms: clock.machine() - begun,
    });
    return answer;
  };

  async function answerTo(useCase: AnyUseCase, caller: Caller, input: unknown): Promise<Answer> {
    try {
      const refusal = notAllowed(useCase, caller.principal);
      if (refusal) return told(refusal);
      const parsed = useCase.input.safeParse(input);
      if (!parsed.success) return told(invalid(parsed.error));
      const clientId = useCase.client?.(parsed.data);
      // A client that the caller may not see is as unknown to it as one that does not exist.
      if (clientId !== undefined && !maySee(caller.principal, clientId))
        return told(refuse('journey.unknown', `No journey of ${clientId} is known.`));
      const output: unknown = await useCase.run(dependencies, callOf(useCase, caller, parsed.data), parsed.data);
      return isRefusal(output) ? told(output) : { ok: true, output };
    } catch (error) {
      return told(unexpected(error, useCase, caller, logger));
    }
  }

  /** A key is bound to the use-case and to what was asked, however its fields were ordered. */
  function callOf({ name }: AnyUseCase, caller: Caller, input: unknown): Call {
    const { idempotencyKey, ...call } = caller;
    if (idempotencyKey === undefined) return call;
    const requestHash = dependencies.ids.digest(`${name}\n${canonical(input)}`);
    return { ...call, idempotency: { key: idempotencyKey, requestHash } };
  }
}

/** JSON with sorted keys: equal for equal values. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

const told = ({ refused, message, hint, details }: Refusal): Answer => ({
  ok: false,
  problem: problemOf(refused, message, hint, details),
});

export function problemOf(code: ErrorCode, message: string, hint?: string, details?: ErrorDetails): Problem {
  return {
    code,
    message,
    ...errorCatalogue[code],
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}

/** Whether kind and role of the principal let it use this at all; which clients it may see is another matter. */
export const isAllowed = (useCase: AnyUseCase, principal: Principal): boolean =>
  notAllowed(useCase, principal) === undefined;

function notAllowed({ name, allow, kinds }: AnyUseCase, principal: Principal): Refusal | undefined {
  if (kinds && !kinds.includes(principal.kind))
    return name.startsWith('approval.')
      ? refuse(
          'approval.by_agent',
          `${principal.id} is of kind ${principal.kind}: only people approve.`,
          'Ask a person with the role approver.',
        )
      : refuse(
          'auth.forbidden',
          `${name} is for ${kinds.join(' and ')}; ${principal.id} is of kind ${principal.kind}.`,
        );
  const has = effectiveRoles(principal);
  if (!allow.some((role) => has.has(role)))
    return refuse(
      'auth.forbidden',
      `${name} needs the role ${allow.join(' or ')}; ${principal.id} has ${principal.roles.join(', ') || 'none'}.`,
      'Use a token with that role.',
    );
  // What only admins may do concerns everybody: whoever is limited to some clients would reach beyond them by it.
  return principal.clients !== null && allow.every((role) => role === 'admin')
    ? refuse(
        'auth.forbidden',
        `${name} concerns all clients; ${principal.id} is limited to some.`,
        'Ask an admin of all clients.',
      )
    : undefined;
}

function invalid(error: z.ZodError): Refusal {
  const problems = error.issues.slice(0, 10).map((issue) => ({ path: issue.path.join('.'), problem: issue.message }));
  return refuse(
    'input.invalid',
    problems.map(({ path, problem }) => (path === '' ? problem : `${path}: ${problem}`)).join('; '),
    'Correct what is named and send it again.',
    { problems },
  );
}

function unexpected(error: unknown, { name }: AnyUseCase, { requestId }: Caller, logger: Logger): Refusal {
  if (error instanceof JourneyError) return refuse(error.code, error.message, error.hint, error.details);
  logger.error('A use-case failed.', {
    use_case: name,
    request_id: requestId,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return refuse(
    'internal',
    'Something went wrong here; nothing of the request was left half done.',
    `The log has it under ${requestId}.`,
  );
}
