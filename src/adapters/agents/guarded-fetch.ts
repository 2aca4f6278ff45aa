import { JourneyError } from '#core/errors.ts';
import { originOf } from './origins.ts';

/** Bearer tokens by the origin that each is for. */
export type AgentTokens = { readonly [origin: string]: string };

/**
 * The fetch that every call to an agent goes through. It reads the whole body under a byte cap, so that neither a huge
 * nor a compressed answer can exhaust memory, and follows no redirect, because the origin was checked before it. A token
 * goes to the origin that it is for and to no other, whoever has named the URL.
 */
export function guardedFetch(limit_bytes: number, tokens: AgentTokens): typeof fetch {
  const authorised = new Map(Object.entries(tokens));
  return async (input, init) => {
    const asked = new Headers(init?.headers);
    const token = authorised.get(originOf(input instanceof Request ? input.url : String(input)));
    if (token !== undefined) asked.set('authorization', `Bearer ${token}`);
    const response = await fetch(input, { ...init, headers: asked, redirect: 'manual' });
    if (response.status === 304) return response;
    const problem = statusProblem(response);
    if (problem !== null) {
      await response.body?.cancel();
      throw new JourneyError('agent.unreachable', problem);
    }
    const body = await readCapped(response, limit_bytes);
    const type = response.headers.get('content-type') ?? '';
    if (body.length > 0 && !isJsonType(type)) {
      throw new JourneyError(
        'agent.unreachable',
        `answered HTTP ${response.status} with ${type || 'no content type'}, not JSON`,
      );
    }
    const { status, statusText, headers } = response;
    return new Response(body.length === 0 ? null : body, { status, statusText, headers });
  };
}

function statusProblem({ status, headers }: Response): string | null {
  if (status >= 300 && status < 400) {
    return `answered HTTP ${status} to ${headers.get('location') ?? 'nowhere'}; redirects are not followed`;
  }
  // 501 is how the REST binding may say that a method does not exist, which is an answer.
  return status >= 500 && status !== 501 ? `answered HTTP ${status}` : null;
}

const isJsonType = (type: string): boolean => /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type);

async function readCapped(response: Response, limit_bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new JourneyError('agent.unreachable', `answered with more than ${limit_bytes} bytes`);
  if (response.body === null) return new Uint8Array();
  if (Number(response.headers.get('content-length') ?? 0) > limit_bytes) {
    await response.body.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let size_bytes = 0;
  // Leaving the loop by a throw cancels the stream, and with it the connection.
  for await (const chunk of response.body) {
    size_bytes += chunk.length;
    if (size_bytes > limit_bytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
