import { isRefusal } from '#core/errors.ts';
import type { Execute } from './execute.ts';
import type { Journal } from './journal.ts';
import type { AgentGateway, Assignment, RemoteTask } from './ports.ts';
import type { Destination } from './relay/destination.ts';
import { traceparentIn, type Causes, type Tracer } from './tracer.ts';

/** Longer ones are not recorded. */
const LONGEST_REQUEST_ID = 100;

/** A use-case, whatever the door. A door that knows nothing of traces begins one here. */
export const tracedExecute =
  (execute: Execute, tracer: Tracer): Execute =>
  (useCase, caller, input) => {
    const { requestId, door } = caller;
    const of = { name: useCase.name, kind: 'internal', parent: requestId, attributes: { door } } as const;
    return tracer.span(of, async ({ traceparent, fail }) => {
      const answer = await execute(useCase, { ...caller, requestId: withTrace(requestId, traceparent) }, input);
      if (!answer.ok && answer.problem.status >= 500) fail(answer.problem.code);
      return answer;
    });
  };

function withTrace(requestId: string, traceparent: string): string {
  if (traceparentIn(requestId) !== null) return requestId;
  const both = `${requestId}~${traceparent}`;
  return both.length <= LONGEST_REQUEST_ID ? both : traceparent;
}

/** A command from its submission to its COMMIT: waiting for the flush is part of it. */
export const tracedJournal = (journal: Journal, tracer: Tracer): Journal => ({
  ...journal,
  submit: (submission) => {
    const { clientId, command, requestId, door } = submission;
    const attributes = { client_id: clientId, door };
    const of = { name: `journal ${command.type}`, kind: 'internal', parent: requestId, attributes } as const;
    return tracer.span(of, async ({ fail }) => {
      const answer = await journal.submit(submission);
      if (isRefusal(answer)) fail(answer.refused);
      return answer;
    });
  },
});

/** A call of an agent belongs to the request that made the task ready, even after a restart. */
export function tracedGateway(gateway: AgentGateway, tracer: Tracer, causes: Causes): AgentGateway {
  return {
    ...gateway,
    send: async (assignment, signal) => {
      const of = { ...spanOf('send', assignment), parent: await causeOf(causes.ofAttempt(assignment)) };
      return tracer.span(of, async ({ traceparent, fail }): Promise<RemoteTask> => {
        const remote = await gateway.send({ ...assignment, traceparent }, signal);
        if (remote.state === 'ended' && remote.outcome.type === 'failed') fail(remote.outcome.code);
        return remote;
      });
    },
    cancel: async (assignment, remoteTaskId, signal) => {
      const of = { ...spanOf('cancel', assignment), parent: await causeOf(causes.ofAttempt(assignment)) };
      return tracer.span(of, ({ traceparent }) => gateway.cancel({ ...assignment, traceparent }, remoteTaskId, signal));
    },
  };
}

const spanOf = (what: string, { intent, clientId, workId, taskId, attempt }: Assignment) => ({
  name: `a2a ${what} ${intent}`,
  kind: 'client' as const,
  attributes: { client_id: clientId, work_id: workId, task_id: taskId, attempt },
});

/** A message belongs to the request whose event it tells of. */
export const tracedDestination = (destination: Destination, tracer: Tracer, causes: Causes): Destination => ({
  ...destination,
  deliver: async (message, signal) => {
    const { clientId, seq, type, attempt } = message;
    const attributes = { client_id: clientId, seq, type, attempt };
    const parent = await causeOf(causes.ofEvent(clientId, seq));
    const of = { name: `deliver ${destination.name}`, kind: 'client', parent, attributes } as const;
    return tracer.span(of, async ({ traceparent, fail }) => {
      const result = await destination.deliver({ ...message, traceparent }, signal);
      if ('problem' in result) fail(result.type);
      return result;
    });
  },
});

/** What is done is worth more than knowing why: if the cause cannot be read, a trace of its own begins. */
const causeOf = (asked: Promise<string | null>): Promise<string | null> => asked.catch(() => null);
