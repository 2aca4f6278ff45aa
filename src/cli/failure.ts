/** Public: scripts branch on them. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, notFound: 4 } as const;

/** A "no" on its way to the terminal: what is so, what to do next, and the exit code by its kind. */
export type Failure = {
  readonly failed: Exclude<keyof typeof exitCodes, 'ok'>;
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
  readonly requestId?: string;
};

export const isFailure = (value: unknown): value is Failure =>
  typeof value === 'object' && value !== null && 'failed' in value && 'message' in value;

export const wrongUsage = (message: string, hint?: string): Failure => ({
  failed: 'usage',
  message,
  ...(hint === undefined ? {} : { hint }),
});
