import { SECOND } from '#core/time.ts';
import type { Clock, Logger } from '../ports.ts';
import {
  deliveryIdOf,
  type Claimed,
  type DeliveryResult,
  type Destination,
  type OutboundMessage,
} from './destination.ts';

export type AttemptParts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadline_ms: number;
  /** Aborts when the process has no more time for calls. */
  readonly stopping: AbortSignal;
};

/** One call of a destination: it has `deadline_ms` in all, and ends early when the process stops. Never throws. */
export async function attempt(
  destination: Destination,
  claimed: Claimed,
  { clock, logger, deadline_ms, stopping }: AttemptParts,
): Promise<DeliveryResult> {
  const limit = new AbortController();
  const ended = new AbortController();

  const call = async (): Promise<DeliveryResult> => {
    try {
      return await destination.deliver(messageOf(claimed), AbortSignal.any([limit.signal, stopping]));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (!limit.signal.aborted && !stopping.aborted)
        logger.error('A destination failed in an unforeseen way.', { destination: destination.name, error: problem });
      return { type: 'retry', problem, mayHaveArrived: true };
    }
  };
  const outOfTime = async (): Promise<DeliveryResult> => {
    await clock.sleep(deadline_ms, AbortSignal.any([ended.signal, stopping]));
    limit.abort();
    const problem = stopping.aborted
      ? 'The process stopped before an answer came.'
      : `No complete answer within ${deadline_ms / SECOND} s.`;
    return { type: 'retry', problem, mayHaveArrived: true };
  };
  try {
    // A destination that does not heed the signal is not waited for.
    return await Promise.race([call(), outOfTime()]);
  } finally {
    ended.abort();
  }
}

function messageOf(claimed: Claimed): OutboundMessage {
  const { clientId, seq, type, timestamp, data, attempt: number, mayHaveArrived, held, reached } = claimed;
  const id = deliveryIdOf(clientId, claimed.destination, seq);
  return { id, clientId, seq, type, timestamp, data, attempt: number, mayHaveArrived, held, reached };
}
