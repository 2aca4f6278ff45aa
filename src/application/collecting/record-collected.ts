import type { Instant } from '#core/time.ts';
import { iso } from '../fields.ts';
import type { Execute } from '../execute.ts';
import type { Ids, Logger } from '../ports.ts';
import type { Principal } from '../principal.ts';
import { recordEvidence } from '../use-cases/record-evidence.ts';
import type { Collected, Collector } from './collector.ts';

/**
 * Records what was brought for a client, as any evidence is; answers why it could not be, in one clause. What does not say
 * when it was so is from `askedAt` (journey time), before the call: a stage that was entered meanwhile does not count it.
 */
export type RecordCollected = (
  collector: Collector,
  clientId: string,
  brought: readonly Collected[],
  askedAt: Instant,
) => Promise<string | null>;

type Parts = {
  readonly execute: Execute;
  readonly ids: Ids;
  readonly logger: Logger;
};

/** As many as one call of the use-case takes; and in all as many as a client's evidence of a kind may sensibly be. */
const AT_ONCE = 500;
const MOST = 10_000;

export function recordCollected({ execute, ids, logger }: Parts): RecordCollected {
  return async ({ name, brings }, clientId, brought, askedAt) => {
    const observations = brought.flatMap(({ kind, observations: seen }) =>
      seen.map(({ subject, value, observedAt }) => ({
        kind,
        ...(subject === undefined ? {} : { subject }),
        value,
        observed_at: iso(observedAt ?? askedAt),
        source: name,
      })),
    );
    if (observations.length > MOST) return `there are ${observations.length} observations, more than ${MOST}`;
    const principal: Principal = {
      id: name,
      kind: 'system',
      roles: ['viewer'],
      clients: [clientId],
      evidenceKinds: brings.map(({ kind }) => kind),
      intents: null,
    };
    for (let from = 0; from < observations.length; from += AT_ONCE) {
      const caller = { principal, door: 'scheduler', requestId: `collect-${ids.random()}` } as const;
      const input = { client_id: clientId, observations: observations.slice(from, from + AT_ONCE) };
      const answer = await execute(recordEvidence, caller, input);
      if (answer.ok) continue;
      logger.warn('Collected evidence could not be recorded.', {
        collector: name,
        client_id: clientId,
        code: answer.problem.code,
        error: answer.problem.message,
      });
      return `what ${name} answered cannot be recorded: ${answer.problem.message}`;
    }
    return null;
  };
}
