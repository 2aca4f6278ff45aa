import { unreadable, type Unreadable } from './unreadable.ts';

/** SARIF nests about twenty levels deep where it draws the way of a value through code. */
const MOST_LEVELS = 64;
/** A document of the largest size could hold millions of empty lists, each of which costs far more than its two bytes. */
const MOST_VALUES = 1_000_000;

/** The JSON of a document, looked over before it is parsed: how deep it nests and how many values it holds. */
export function boundedJson(text: string): { readonly value: unknown } | Unreadable {
  const problem = sizeProblem(text);
  if (problem !== undefined) return unreadable(problem, 'Send a smaller report.');
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return unreadable(`It is not valid JSON, or was cut off: ${why}.`, 'Send the file as the tool has written it.');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

function sizeProblem(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values += 1;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1;
      values += 1;
      if (depth > MOST_LEVELS) return `It nests deeper than ${MOST_LEVELS} levels.`;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    if (values > MOST_VALUES) return `It holds more than ${MOST_VALUES} values.`;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}
