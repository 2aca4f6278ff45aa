import { isWanted } from '#core/journey/messages.ts';
import { SECOND } from '#core/time.ts';
import type { Recording } from '../ports.ts';
import type { Destination } from './destination.ts';
import { roundsOf, type RoundsParts } from './rounds.ts';

/**
 * Delivers what the outbox holds: at least once, and of each client and destination one message after the other. Each
 * destination goes at its own pace, so that one that is down delays nobody but its own messages.
 */
export type Relay = {
  /** What has just become fact: messages that were written with it are looked for at once. */
  readonly recorded: (recordings: readonly Recording[]) => void;
  /** Looks for what is due: messages that others have written, waits that are over, what the dead had claimed. */
  readonly look: () => void;
  /** Resolves when nothing is under way and nothing is due. */
  readonly idle: () => Promise<void>;
  /** Claims nothing more, gives calls under way a moment, then breaks them off; their messages stay due. */
  readonly stop: () => Promise<void>;
};

export type RelayParts = Omit<RoundsParts, 'closing' | 'stopping'> & { readonly destinations: readonly Destination[] };

const DRAIN_MS = 5 * SECOND;

export function openRelay({ destinations, ...parts }: RelayParts): Relay {
  const closing = new AbortController();
  const stopping = new AbortController();
  const signals = { closing: closing.signal, stopping: stopping.signal };
  const rounds = destinations.map((destination) => roundsOf(destination, { ...parts, ...signals }));
  const idle = async (): Promise<void> => {
    await Promise.all(rounds.map((one) => one.idle()));
  };
  return {
    recorded: (recordings) => {
      for (const { destination, ring } of rounds)
        if (recordings.some(({ events }) => events.some(({ event }) => isWanted([destination], event)))) ring();
    },
    look: () => {
      for (const { ring } of rounds) ring();
    },
    idle,
    stop: async () => {
      closing.abort();
      const drained = new AbortController();
      await Promise.race([idle(), parts.clock.sleep(DRAIN_MS, drained.signal)]);
      drained.abort();
      stopping.abort();
      await idle();
    },
  };
}
