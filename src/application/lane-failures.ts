import { JourneyError } from '#core/errors.ts';
import type { Item } from './flush-part.ts';

/** A rollback that was asked for goes on being tried, however long the store is away. */
export const isPersistent = ({ submission }: Item): boolean => submission.command.type === 'roll_back';

export const isUnavailable = (error: unknown): boolean =>
  error instanceof JourneyError && error.code === 'store.unavailable';

export const unavailable = (cause: unknown): JourneyError =>
  new JourneyError(
    'store.unavailable',
    'The database did not answer; whether this was recorded is not known.',
    'Repeat the request under the same Idempotency-Key: it is recorded once.',
    undefined,
    { cause },
  );
