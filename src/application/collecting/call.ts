import { SECOND } from '#core/time.ts';
import type { Clock } from '../ports.ts';
import type { Collected, Collector, Wanted } from './collector.ts';

/** How a call ended: `failed` says something about the other side, `nothing` does not. */
export type CallOutcome =
  | { readonly type: 'answered'; readonly collected: readonly Collected[] }
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'nothing' };

type CallParts = {
  readonly clock: Clock;
  /** Aborts when the process has no more time for calls. */
  readonly stopping: AbortSignal;
};

/** One call of a collector within its time; one that does not heed the signal is not waited for. Never throws. */
export async function callOf(
  { collect, timeout_ms }: Collector,
  wanted: readonly Wanted[],
  { clock, stopping }: CallParts,
): Promise<CallOutcome> {
  const limit = new AbortController();
  const ended = new AbortController();

  async function call(): Promise<CallOutcome> {
    try {
      return { type: 'answered', collected: await collect(wanted, AbortSignal.any([limit.signal, stopping])) };
    } catch (error) {
      if (stopping.aborted) return { type: 'nothing' };
      return { type: 'failed', problem: error instanceof Error ? error.message : String(error) };
    }
  }
  async function outOfTime(): Promise<CallOutcome> {
    await clock.sleep(timeout_ms, AbortSignal.any([ended.signal, stopping]));
    limit.abort();
    return stopping.aborted
      ? { type: 'nothing' }
      : { type: 'failed', problem: `there was no answer within ${timeout_ms / SECOND} s` };
  }
  try {
    return await Promise.race([call(), outOfTime()]);
  } finally {
    ended.abort();
  }
}
