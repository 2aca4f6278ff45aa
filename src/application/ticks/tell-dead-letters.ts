import { isRefusal } from '#core/errors.ts';
import type { Instant } from '#core/time.ts';
import type { Journal } from '../journal.ts';
import type { Clock, Logger } from '../ports.ts';
import { deliveryIdOf } from '../relay/destination.ts';

/** A dead letter that the people who follow the journey have not been told of. */
export type UntoldDeadLetter = {
  readonly clientId: string;
  readonly destination: string;
  readonly seq: number;
  readonly messageType: string;
  readonly problem: string;
  /** How often it was tried: one that was sent again and has died again is told again. */
  readonly attempts: number;
};

export type DeadLetterStore = {
  /** Of these destinations alone, and never of a client who has been erased since. */
  readonly untold: (destinations: readonly string[], limit: number) => Promise<readonly UntoldDeadLetter[]>;
  readonly told: (letter: UntoldDeadLetter, at: Instant) => Promise<void>;
};

export type TellDeadLetters = {
  readonly store: DeadLetterStore;
  /** Systems. That people could not be told is not told to people: it could not be told either. */
  readonly systems: readonly string[];
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
};

const AT_ONCE = 50;

/** Makes dead letters facts of their journeys, from where they are told like any other; once, whoever looks. */
export async function tellDeadLetters({ store, systems, journal, clock, logger }: TellDeadLetters): Promise<void> {
  if (systems.length === 0) return;
  for (const letter of await store.untold(systems, AT_ONCE)) {
    const { clientId, destination, seq, messageType, problem, attempts } = letter;
    const deliveryId = deliveryIdOf(clientId, destination, seq);
    const key = `dead-letter:${destination}:${seq}#${attempts}`;
    // One after the other: there are few, and those of one journey have an order.
    // oxlint-disable-next-line no-await-in-loop
    const submitted = await journal.submit({
      clientId,
      command: { type: 'give_up_delivery', deliveryId, destination, messageType, problem },
      actor: 'system',
      door: 'scheduler',
      requestId: key,
      // Another replica, or we before a crash, may have recorded it: then this records nothing.
      key: { principal: 'system', key, requestHash: key },
    });
    if (isRefusal(submitted))
      logger.warn('A dead letter could not be told.', { client_id: clientId, problem: submitted.message });
    // oxlint-disable-next-line no-await-in-loop
    await store.told(letter, clock.machine());
  }
}
