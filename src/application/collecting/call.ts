import { SECOND } from '#core/time.ts';
import type { Clock } from '../ports.ts';

/** How a call ended: `failed` says something about the other side, `nothing` does not. */
export type CallOutcome<T> =
  | { readonly type: 'answered'; readonly value: T }
  /** In a clause. */
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'nothing' };

type CallParts = {
  readonly clock: Clock;
  readonly timeout_ms: number;
  /** Aborts when the process has no more time for calls. */
  readonly stopping: AbortSignal;
};

/** One call of another system within its time; one that does not heed the signal is not waited for. Never throws. */
export async function callWithin<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { clock, timeout_ms, stopping }: CallParts,
): Promise<CallOutcome<T>> {
  const limit = new AbortController();
  const ended = new AbortController();

  async function called(): Promise<CallOutcome<T>> {
    try {
      return { type: 'answered', value: await call(AbortSignal.any([limit.signal, stopping])) };
    } catch (error) {
      if (stopping.aborted) return { type: 'nothing' };
      return { type: 'failed', problem: error instanceof Error ? error.message : String(error) };
    }
  }
  async function outOfTime(): Promise<CallOutcome<T>> {
    await clock.sleep(timeout_ms, AbortSignal.any([ended.signal, stopping]));
    limit.abort();
    return stopping.aborted
      ? { type: 'nothing' }
      : { type: 'failed', problem: `there was no answer within ${timeout_ms / SECOND} s` };
  }
  try {
    return await Promise.race([called(), outOfTime()]);
  } finally {
    ended.abort();
  }
}
