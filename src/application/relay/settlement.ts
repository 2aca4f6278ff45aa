import type { Instant } from '#core/time.ts';
import { deliveryIdOf, type Claimed, type DeliveryResult, type Settlement } from './destination.ts';
import { waitAfter_ms } from './schedule.ts';

export type Circumstances = {
  readonly machineNow: Instant;
  /** Whether a failure says something about the message, and not only about the destination or about us. */
  readonly counts: boolean;
  /** The destination is left alone until then; null: it is not. */
  readonly aloneUntil: Instant | null;
};

/** What becomes of a row after an attempt. */
export function settlementOf(claimed: Claimed, result: DeliveryResult, circumstances: Circumstances): Settlement {
  const { machineNow, counts, aloneUntil } = circumstances;
  switch (result.type) {
    case 'delivered':
      return { state: 'delivered', at: machineNow };
    case 'refused':
      return { state: 'dead', problem: result.problem, failures: claimed.failures + 1, ...reachedBy(result) };
    case 'held':
      return { ...handedBack(claimed, result.why, result.until), held: true };
    case 'gone':
      return handedBack(claimed, result.problem, aloneUntil ?? machineNow);
    case 'retry': {
      const { problem, mayHaveArrived, after_ms } = result;
      const failures = claimed.failures + (counts ? 1 : 0);
      const id = deliveryIdOf(claimed.clientId, claimed.destination, claimed.seq);
      const wait_ms = counts ? waitAfter_ms(failures, id, after_ms) : 0;
      if (wait_ms === undefined) return { state: 'dead', problem, failures, ...reachedBy(result) };
      return {
        // Once nobody knows, a later attempt that surely did not arrive makes it no clearer.
        state: mayHaveArrived || claimed.mayHaveArrived ? 'unknown' : 'waiting',
        problem,
        failures,
        nextAttemptAt: Math.max(machineNow + wait_ms, counts ? 0 : (aloneUntil ?? 0)),
        ...reachedBy(result),
      };
    }
  }
}

/** What becomes of a row that was not tried, or whose attempt says nothing: it is due at `at`, as it was before. */
export const handedBack = ({ mayHaveArrived, failures }: Claimed, problem: string, at: Instant) =>
  ({ state: mayHaveArrived ? 'unknown' : 'waiting', problem, failures, nextAttemptAt: at }) as const;

const reachedBy = ({ reached }: { readonly reached?: readonly string[] }) => (reached === undefined ? {} : { reached });
