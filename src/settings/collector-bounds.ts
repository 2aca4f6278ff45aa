import { z } from 'zod';
import { MINUTE, SECOND } from '#core/time.ts';

/** How often evidence is brought anew. */
export const refreshMinutes = (byDefault: number) => z.number().min(1).max(10_080).default(byDefault);

/** What bounds the calls of a collector, a process. */
export const bounds = (byDefault: Bounds) => ({
  timeout_seconds: z.number().min(1).max(600).default(byDefault.timeout_seconds),
  concurrency: z.int().min(1).max(100).default(byDefault.concurrency),
  calls_per_minute: z.int().min(1).max(100_000).default(byDefault.calls_per_minute),
});

export type Bounds = {
  readonly timeout_seconds: number;
  readonly concurrency: number;
  readonly calls_per_minute: number;
};

export const boundsOf = ({ timeout_seconds, concurrency, calls_per_minute }: Bounds) => ({
  timeout_ms: timeout_seconds * SECOND,
  concurrency,
  callsPerMinute: calls_per_minute,
});
export type CollectorBounds = ReturnType<typeof boundsOf>;

export const refreshOf = (minutes: number): number => minutes * MINUTE;
