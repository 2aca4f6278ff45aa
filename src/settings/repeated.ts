import { shown, type Problem } from './problem.ts';
import type { Locate, Path } from './zod-problems.ts';

/** Two items of a list with the same value under `key`: reported at the later one, naming the first. */
export function repeated<K extends string>(
  items: readonly { readonly [key in K]: string | number }[],
  key: K,
  path: Path,
  locate: Locate,
): readonly Problem[] {
  const first = new Map<string | number, number>();
  return items.flatMap((item, index) => {
    const earlier = first.get(item[key]);
    if (earlier === undefined) {
      first.set(item[key], index);
      return [];
    }
    const allowed = `must be unique; the item at position ${earlier + 1} has it already`;
    return [{ ...locate([...path, index, key]), value: shown(item[key]), allowed }];
  });
}
