import { JourneyError } from '#core/errors.ts';
import type { Clock } from '#application/ports.ts';

/**
 * Runs `work` under a signal that aborts when the caller's does, or after `limit_ms` of machine time. The rejection of
 * work that heeds the signal is then the JourneyError given here, because fetch rejects with the signal's reason.
 */
export async function withDeadline<T>(
  clock: Clock,
  limit_ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const finished = new AbortController();
  const watch = async () => {
    await clock.sleep(limit_ms, finished.signal);
    if (!finished.signal.aborted) deadline.abort(timedOut(limit_ms));
  };
  void watch();
  try {
    return await work(signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal);
  } finally {
    finished.abort();
  }
}

const timedOut = (limit_ms: number): JourneyError =>
  new JourneyError('agent.unreachable', `gave no complete answer within ${limit_ms} ms`);
