import { refuse, type ErrorCode, type Refusal } from '#core/errors.ts';

/**
 * What was taken from a request, or why not. A wrapper and not a bare union with Refusal: a caller's own JSON may hold
 * a field called `refused`, and must not pass for a refusal of ours.
 */
export type Accepted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const accepted = <T>(value: T): Accepted<T> => ({ ok: true, value });

export const declined = (code: ErrorCode, message: string, hint?: string): Accepted<never> => ({
  ok: false,
  refusal: refuse(code, message, hint),
});
