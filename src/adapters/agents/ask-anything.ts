import { SECOND } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';
import { problemOf } from './agent-failure.ts';
import { withDeadline } from './deadline.ts';

export type AnyAnswer =
  | { readonly answered: true; readonly status: number }
  /** The end of a sentence that begins with who was asked. */
  | { readonly answered: false; readonly problem: string };

const LONGEST_MS = 5 * SECOND;

/** Whether anybody speaks HTTP there: whatever the answer, somebody gave it. */
export async function askAnything(clock: Clock, url: string, caller: AbortSignal): Promise<AnyAnswer> {
  try {
    return await withDeadline(clock, LONGEST_MS, caller, async (signal) => {
      const response = await fetch(url, { redirect: 'manual', signal });
      await response.body?.cancel();
      return { answered: true, status: response.status };
    });
  } catch (error) {
    return { answered: false, problem: problemOf(error) };
  }
}
