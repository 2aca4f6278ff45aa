import type { CompleteResult } from '@modelcontextprotocol/server';
import type { Execute } from '#application/execute.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { useCaseOf } from './lookup.ts';
import type { McpCaller, Offer } from './offer.ts';

/** As many as the protocol lets one answer hold. */
const MOST = 100;

type Listed = { readonly journeys: readonly { readonly client_id: string }[]; readonly next_cursor: string | null };

/** Completes client ids, among those that the caller may see. */
export function completion(catalogue: readonly AnyUseCase[], execute: Execute): NonNullable<Offer['complete']> {
  const list = useCaseOf(catalogue, 'journey.list');
  return (caller, { ref, argument }) => {
    const known = ref.type === 'ref/prompt' ? ref.name === 'unblock_journey' : ref.uri.startsWith('journey://');
    if (!known) return undefined;
    return argument.name === 'client_id' ? clients(caller, argument.value) : Promise.resolve(none);
  };

  async function clients({ principal, requestId }: McpCaller, typed: string): Promise<CompleteResult> {
    const query = typed.trim() === '' ? {} : { query: typed.slice(0, 128) };
    const answer = await execute(list, { principal, door: 'mcp', requestId }, { ...query, limit: MOST });
    if (!answer.ok) return none;
    const { journeys, next_cursor } = answer.output as Listed;
    // The list finds the text anywhere in an id; what is typed is its beginning.
    const values = journeys.map(({ client_id }) => client_id).filter((id) => id.startsWith(typed.trim()));
    return { completion: { values, hasMore: next_cursor !== null } };
  }
}

const none: CompleteResult = { completion: { values: [], hasMore: false } };
