import type { Flag, Place } from './places.ts';

/** How a shell says what may follow a flag. */
export type Answer = (value: Exclude<Flag['value'], 'nothing'>) => string;

/** The lines of a shell's `case` that lead from place to place, word by word. */
export const steps = (places: readonly Place[]): string =>
  places
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      ${path.includes('/') ? path : `/${path}`}) place=${path} ;;`)
    .join('\n');

/** Those that say what may stand at a place. */
export const offers = (places: readonly Place[]): string =>
  places
    .map(({ path, words, flags }) => {
      const all = [...words.map(({ word }) => word), ...flags.map(({ flag }) => flag)];
      return `    '${path}') offer='${all.join(' ')}' ;;`;
    })
    .join('\n');

/** Those that say what may follow a flag: once for all places where it is the same everywhere. */
export function values(places: readonly Place[], answer: Answer): string {
  const uses = places.flatMap(({ path, flags }) => flags.map(({ flag, value }) => ({ path, flag, value })));
  return [...Map.groupBy(uses, ({ flag }) => flag)]
    .flatMap(([flag, all]) => {
      const answers = Map.groupBy(all, ({ value }) => (value === 'nothing' ? undefined : answer(value)));
      return [...answers].flatMap(([said, those]) => {
        if (said === undefined) return [];
        const at = answers.size === 1 ? `*' ${flag}'` : those.map(({ path }) => `'${path} ${flag}'`).join('|');
        return [`      ${at}) ${said} ;;`];
      });
    })
    .join('\n');
}
