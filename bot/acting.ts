import { isRefusal } from '#core/errors.ts';
import type { Execute, Problem } from '#application/execute.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import type { SlackStore } from '#application/slack-store.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import type { Identify, SlackUser } from './identity.ts';

/** One thing that somebody in Slack wants done. */
export type Act = {
  readonly user: SlackUser;
  /** Of the signed request: the same one acts once, on whichever replica it comes in. */
  readonly requestId: string;
};

/** Somebody who has been let in. Their acts run under their own name and roles. */
export type Admitted = {
  readonly principal: Principal;
  readonly run: (useCase: AnyUseCase, input: unknown) => Promise<Outcome>;
};

export type Outcome =
  | { readonly ok: true; readonly output: unknown; readonly principal: Principal }
  | { readonly ok: false; readonly problem: Pick<Problem, 'code' | 'message' | 'hint'> };

export type Admission =
  | { readonly ok: true; readonly admitted: Admitted }
  /** It has been acted on already. */
  | { readonly ok: false; readonly repeated: true }
  | { readonly ok: false; readonly repeated: false; readonly problem: Pick<Problem, 'code' | 'message' | 'hint'> };

export type Admit = (act: Act, decidingOn?: string) => Promise<Admission>;

export type AdmitOptions = {
  readonly store: Pick<SlackStore, 'claim'>;
  readonly identify: Identify;
  readonly execute: Execute;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Lets somebody act: once a request, under who they are at this moment. Never throws. */
export function admitWith({ store, identify, execute, clock, logger }: AdmitOptions): Admit {
  return async ({ user, requestId }, decidingOn) => {
    try {
      if (!(await store.claim(requestId, clock.machine()))) return { ok: false, repeated: true };
      const principal = await identify(user, decidingOn);
      if (isRefusal(principal))
        return notAdmitted({ code: principal.refused, message: principal.message, ...hintOf(principal) });
      let calls = 0;
      const run: Admitted['run'] = async (useCase, input) => {
        // A second use-case of one request must not look like the first one come again.
        calls += 1;
        const answer = await execute(
          useCase,
          { principal, door: 'slack', requestId: `slack-${requestId}.${calls}` },
          input,
        );
        return answer.ok ? { ...answer, principal } : answer;
      };
      return { ok: true, admitted: { principal, run } };
    } catch (error) {
      logger.warn('Nobody could be let in from Slack.', { error: String(error) });
      return notAdmitted({
        code: 'store.unavailable',
        message: 'Nothing was done: the orchestrator cannot reach its store just now.',
        hint: 'Try again in a minute.',
      });
    }
  };
}

const notAdmitted = (problem: Pick<Problem, 'code' | 'message' | 'hint'>): Admission => ({
  ok: false,
  repeated: false,
  problem,
});
const hintOf = ({ hint }: { readonly hint?: string }): { readonly hint?: string } =>
  hint === undefined ? {} : { hint };
