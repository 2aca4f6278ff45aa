import type { HonoRequest } from 'hono';
import { isObject, type JsonObject } from '#core/json.ts';
import type { DocumentSurface } from '#application/use-case.ts';
import { accepted, declined, type Accepted } from './accepted.ts';
import { shapeProblem } from './json-shape.ts';
import type { HttpLimits } from './limits.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** The JSON object that a request carries; an empty body is an empty object. */
export async function jsonBody(request: HonoRequest, limits: HttpLimits): Promise<Accepted<JsonObject>> {
  const bytes = await bodyBytes(request, limits.body_bytes);
  if (!bytes.ok) return bytes;
  if (bytes.value.byteLength === 0) return accepted({});
  const type = request.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type))
    return declined(
      'input.invalid',
      type === undefined ? 'The body has no Content-Type.' : `The body is of type ${shown(type)}.`,
      'Send JSON in UTF-8 as Content-Type: application/json.',
    );
  return parsed(bytes.value, limits);
}

/** What is sent as a file, as text. A mark at its beginning that says how it is encoded is left out. */
export async function documentText(
  request: HonoRequest,
  { most_bytes, types }: DocumentSurface,
): Promise<Accepted<string>> {
  const bytes = await bodyBytes(request, most_bytes);
  if (!bytes.ok) return bytes;
  if (bytes.value.byteLength === 0) return accepted('');
  const type = request.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === undefined || !types.includes(type))
    return declined(
      'input.invalid',
      type === undefined ? 'The body has no Content-Type.' : `The body is of type ${shown(type)}.`,
      `Send the file as it is, as one of ${types.join(', ')}.`,
    );
  return decoded(bytes.value);
}

async function bodyBytes(request: HonoRequest, limit: number): Promise<Accepted<Uint8Array>> {
  const encoding = request.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    return declined(
      'input.invalid',
      `The body is encoded as ${shown(encoding)}.`,
      'Send it without a Content-Encoding.',
    );
  const declared = request.header('content-length');
  if (declared !== undefined && Number(declared) > limit) return tooLarge(limit);
  try {
    // The HTTP parser holds a sender to its Content-Length, so this reads at most the limit, and faster than a stream.
    if (declared !== undefined && request.header('transfer-encoding') === undefined) {
      const bytes = new Uint8Array(await request.arrayBuffer());
      return bytes.byteLength > limit ? tooLarge(limit) : accepted(bytes);
    }
    return request.raw.body === null ? accepted(new Uint8Array()) : await streamed(request.raw.body, limit);
  } catch {
    return declined('input.invalid', 'The body broke off before its end.', 'Send it again.');
  }
}

async function streamed(body: ReadableStream<Uint8Array>, limit: number): Promise<Accepted<Uint8Array>> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a stream is read in order.
    const { done, value } = await reader.read();
    if (done) return accepted(Buffer.concat(chunks, size));
    size += value.byteLength;
    // Not cancelled: that would cut the connection before the refusal is on its way.
    if (size > limit) return tooLarge(limit);
    chunks.push(value);
  }
}

const tooLarge = (limit: number): Accepted<never> =>
  declined('input.too_large', `The body is larger than ${limit} bytes.`, 'Send less at a time.');

function decoded(bytes: Uint8Array): Accepted<string> {
  try {
    return accepted(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return declined('input.invalid', 'The body is not UTF-8.', 'Send it in UTF-8.');
  }
}

function parsed(bytes: Uint8Array, limits: HttpLimits): Accepted<JsonObject> {
  const read = decoded(bytes);
  if (!read.ok) return read;
  const { value: text } = read;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return declined(
      'input.invalid',
      `The body is not valid JSON: ${syntaxProblem(text, error)}.`,
      'Correct it and send it again.',
    );
  }
  const problem = shapeProblem(value, limits);
  if (problem !== undefined) return declined('input.invalid', problem, 'Correct it and send it again.');
  return isObject(value)
    ? accepted(value)
    : declined('input.invalid', 'The body is not a JSON object.', 'Send the fields as {"name": value}.');
}

function syntaxProblem(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/at position \d+/.test(message)) return message;
  const token = /^Unexpected token '[^]{1,2}'/u.exec(message)?.[0];
  return token === undefined
    ? `${message} (at position ${text.length})`
    : `${token} at position ${tokenPosition(text)}`;
}

/**
 * Where V8 met a token that it did not expect, which it does not say for this one kind of error. The shortest beginning
 * that fails in the same way ends there; found in at most 18 parses of a body of the largest size.
 */
function tokenPosition(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (failsOnToken(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return bad - 1;
}

function failsOnToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('Unexpected token');
  }
}

/** A header's value as an answer may repeat it. */
const shown = (value: string): string => value.slice(0, 100);
