import type { ErrorCode } from '#core/errors.ts';
import type { Principal } from '#application/principal.ts';

/** What the door knows about a request while it answers it. */
export type HttpEnv = {
  Variables: {
    /** Set by the outermost middleware, so that every answer and every log line has it. */
    requestId: string;
    /** Set once the caller has been authenticated; other doors on the same server set it too, for the access log. */
    principal?: Principal;
    problem?: ErrorCode;
  };
};
