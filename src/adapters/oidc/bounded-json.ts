import { isObject, type JsonObject } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';

const MOST_BYTES = 262_144;
const WITHIN_MS = 5 * SECOND;

/** Gets a JSON object, or throws an Error that says why not. */
export type GetJson = (url: URL, signal?: AbortSignal) => Promise<JsonObject>;

/** No redirect is followed, and neither a slow nor an endless answer is waited for. */
export const boundedJson =
  (clock: Pick<Clock, 'sleep'>, within_ms = WITHIN_MS): GetJson =>
  async (url, signal) => {
    const finished = new AbortController();
    const late = new AbortController();
    const watch = async (): Promise<void> => {
      await clock.sleep(within_ms, finished.signal);
      if (!finished.signal.aborted) late.abort(new Error(`gave no complete answer within ${within_ms} ms`));
    };
    void watch();
    try {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { accept: 'application/json' },
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new Error(`answered HTTP ${response.status}`);
      }
      return parsed(await beginningOf(response));
    } catch (error) {
      throw new Error(`${url.origin}${url.pathname}: ${reasonOf(error)}`, { cause: error });
    } finally {
      finished.abort();
    }
  };

async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) throw new Error('answered nothing');
  const chunks: Uint8Array[] = [];
  let size_bytes = 0;
  // Leaving the loop by a throw cancels the stream, and with it the connection.
  for await (const chunk of body) {
    size_bytes += chunk.length;
    if (size_bytes > MOST_BYTES) throw new Error(`answered with more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('answered something that is not JSON');
  }
  if (!isObject(value)) throw new Error('answered JSON that is not an object');
  return value;
}

/** fetch hides in its cause why it could not connect. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
