import type { AnyUseCase } from '#application/use-case.ts';
import type { Answered, Ask } from './ask.ts';
import { isFailure, type Failure } from './failure.ts';
import { schemaOf, type JsonSchema } from '#application/input-fields.ts';
import { requestOf, type Input } from './request.ts';

/** How the pages of a use-case hang together, found in its own schemas. */
export type Paging = {
  readonly from: string;
  readonly next: string;
  readonly items: string;
  /** A sequence (`after`) is read to its end unless limited; a list (`cursor`) only as far as asked. */
  readonly toTheEnd: boolean;
  readonly pageSize: number;
};

/** More than a terminal or a script can use at once; what is left is named by the answer's own next_after. */
const MOST_ITEMS = 100_000;

export function pagingOf({ output }: AnyUseCase, input: JsonSchema): Paging | null {
  const properties = input.properties ?? {};
  const from = ['after', 'cursor'].find((name) => name in properties);
  if (from === undefined || !properties['limit']) return null;
  const fields = schemaOf(output, 'output').properties ?? {};
  const items = Object.keys(fields).find((name) => fields[name]?.type === 'array');
  return items === undefined || !(`next_${from}` in fields)
    ? null
    : {
        from,
        next: `next_${from}`,
        items,
        toTheEnd: from === 'after',
        pageSize: properties['limit'].maximum ?? MOST_ITEMS,
      };
}

/** Asks page after page and answers as if the server had one page long enough. */
export async function askPages(
  ask: Ask,
  useCase: AnyUseCase,
  paging: Paging,
  input: Input,
): Promise<Answered | Failure> {
  const wanted = typeof input['limit'] === 'number' ? input['limit'] : undefined;
  const most = wanted ?? (paging.toTheEnd ? MOST_ITEMS : 1);
  const items: unknown[] = [];
  let position = input[paging.from];
  for (;;) {
    const limit = wanted === undefined ? undefined : Math.min(wanted - items.length, paging.pageSize);
    const request = requestOf(useCase, { ...input, [paging.from]: position, limit });
    const answered = isFailure(request) ? request : await ask(request);
    if (isFailure(answered)) return answered;
    const page = answered.value as Readonly<Record<string, unknown>> | null;
    const found = page?.[paging.items];
    if (!Array.isArray(found)) return answered;
    items.push(...(found as readonly unknown[]));
    const next = page?.[paging.next] ?? null;
    // A server that names the same place again would be asked for ever.
    if (next === null || next === position || found.length === 0 || items.length >= most)
      return { value: { ...page, [paging.items]: items } };
    position = next;
  }
}
