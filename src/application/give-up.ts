import type { World } from '#core/journey/draft.ts';
import { decideBatch, type Reach } from './decide-batch.ts';
import type { Known, Part } from './flush-part.ts';

/**
 * A transition that is late is not written again: its commands are decided anew, and what they come to now is recorded
 * under the same guard, so that either the transition has been committed meanwhile or it never will be.
 */
export function giveUpLate(reach: Reach, part: Part, world: World): Part {
  if (part.first || part.admits || !reach.timeouts.isOverdue(part, world.machineNow)) return part;
  const journeys = new Map(part.before ? [[part.clientId, part.before]] : []);
  const known: Known = { journeys, loaded: new Set(), recorded: new Set(), answers: new Map() };
  const items = part.done.map(({ item }) => item);
  const { parts, again } = decideBatch(reach, items, known, world);
  const [instead] = parts;
  // What would be refused now may have been recorded: it stands as it is.
  if (!instead || again.length > 0) return part;
  part.settled = true;
  return { ...instead, first: part };
}
