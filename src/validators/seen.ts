import { unknown, type Judgement } from '#core/criteria/verdict.ts';
import type { Json } from '#core/json.ts';
import type { Seen } from './validator.ts';

/** The gate ranks observations best first; where it passes several about one subject, the first one counts. */
export function bestBySubject<V>(seen: readonly Seen<V>[]): ReadonlyMap<string, Seen<V>> {
  const best = new Map<string, Seen<V>>();
  for (const each of seen) if (!best.has(each.subject)) best.set(each.subject, each);
  return best;
}

export const noEvidence = (kind: string, target: Json, whatToDo: string): Judgement =>
  unknown('evidence.none', `There is no ${kind} evidence yet.`, { target, distance: whatToDo });
