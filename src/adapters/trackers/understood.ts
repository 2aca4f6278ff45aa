import type { z } from 'zod';
import type { Json } from '#core/json.ts';
import type { Instant } from '#core/time.ts';

/** The part of an answer that is needed; throws, naming what does not fit, where a tracker answers otherwise. */
export function understood<T extends z.ZodType>(title: string, type: T, body: Json): z.output<T> {
  const parsed = type.safeParse(body);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new Error(`${title} answered in a way that is not understood (${first?.path.join('.')}: ${first?.message})`);
}

/** Throws where it is no time: a bug without one could not be judged. Jira writes its offsets without a colon. */
export function instantIn(title: string, text: string): Instant {
  const at = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (Number.isNaN(at)) throw new Error(`${title} answered with ${JSON.stringify(text.slice(0, 40))} for a time`);
  return at;
}
