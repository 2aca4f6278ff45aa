/** Milliseconds since 1970-01-01T00:00Z. Whether it is journey time or machine time, the name of the field says. */
export type Instant = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
