import { z } from 'zod';

/** Hours after which an observation no longer counts; null: never. Ten years is the longest that is sensible. */
export const maxAgeHours = (byDefault: number | null) =>
  z.number().positive().max(87_600).nullable().default(byDefault);
