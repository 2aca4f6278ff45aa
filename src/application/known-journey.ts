import { distance } from 'fastest-levenshtein';
import { refuse, type Refusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from './dependencies.ts';
import { maySee, type Principal } from './principal.ts';

/** The journey as the store has it now, or that it is unknown, with the ids that may have been meant. */
export async function knownJourney(
  { journeys, plans }: Dependencies,
  principal: Principal,
  clientId: string,
): Promise<Journey | Refusal> {
  const journey = await journeys.journey(clientId);
  if (!journey) return unknownClient(clientId, await near(journeys, principal, clientId));
  await plans.ensure([journey.configHash]);
  return journey;
}

async function near(
  journeys: Dependencies['journeys'],
  principal: Principal,
  clientId: string,
): Promise<readonly string[]> {
  const known = await journeys.candidates(clientId, 1_000);
  return known
    .filter((id) => maySee(principal, id))
    .map((id) => ({ id, edits: distance(id, clientId) }))
    .filter(({ edits }) => edits <= Math.max(2, clientId.length / 4))
    .toSorted((one, other) => one.edits - other.edits)
    .slice(0, 3)
    .map(({ id }) => id);
}

const unknownClient = (clientId: string, ids: readonly string[]): Refusal =>
  refuse(
    'journey.unknown',
    `No journey of ${clientId} is known.`,
    ids.length > 0 ? `Did you mean ${ids.join(' or ')}? list shows all.` : 'start begins one; list shows all.',
    ids.length > 0 ? { near: ids } : undefined,
  );
