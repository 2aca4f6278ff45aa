import type { JsonObject } from '#core/json.ts';
import type { Subscriber } from '#core/journey/messages.ts';
import type { Instant } from '#core/time.ts';

/** What a door needs of them, which may not import the core. */
export { messageTypes, stageOf } from '#core/journey/messages.ts';

/** Whoever is told outside: a CRM, a chat, a notification service. The relay knows them by this alone. */
export type Destination = Subscriber & {
  /** Calls under way at once in one process, where fewer than usual are sensible. */
  readonly concurrency?: number;
  /** What it shares with others and what may be down, where that is not it alone. */
  readonly dependency?: string;
  /** One attempt. The signal aborts when its time is over or the process stops; throws only on bugs. */
  readonly deliver: (message: OutboundMessage, signal: AbortSignal) => Promise<DeliveryResult>;
};

export type OutboundMessage = {
  /** Unique to the message and destination, and the same at every attempt: receivers recognise repetitions by it. */
  readonly id: string;
  readonly clientId: string;
  readonly seq: number;
  readonly type: string;
  /** Journey time, ISO 8601. */
  readonly timestamp: string;
  readonly data: JsonObject;
  /** 1, 2, 3 …: of all attempts, replays included. */
  readonly attempt: number;
  /** An earlier attempt may have arrived: nobody has heard how it ended. */
  readonly mayHaveArrived: boolean;
  /** It was due before, and was held. */
  readonly held: boolean;
  /** Recipients that an earlier attempt has reached, where there are several. */
  readonly reached: readonly string[];
  /** W3C, where deliveries are traced: for receivers who trace as well. */
  readonly traceparent?: string;
};

export type DeliveryResult =
  | { readonly type: 'delivered' }
  /** Not now. `after_ms`: the destination asks not to be called sooner. */
  | {
      readonly type: 'retry';
      readonly problem: string;
      readonly mayHaveArrived: boolean;
      readonly after_ms?: number;
      /** Recipients that have it, earlier ones included: they are not told again. */
      readonly reached?: readonly string[];
    }
  /** It was not tried, because its time has not come. No failure: it is as due as anything at `until`. */
  | { readonly type: 'held'; readonly until: Instant; readonly why: string }
  /** The destination says that it is no more: its messages stay parked until it is back. */
  | { readonly type: 'gone'; readonly problem: string }
  /** This message will never be taken: it is a dead letter at once. */
  | { readonly type: 'refused'; readonly problem: string; readonly reached?: readonly string[] };

/** A row of the outbox, claimed: nobody else has it until `leaseUntil`. */
export type Claimed = {
  readonly clientId: string;
  readonly destination: string;
  readonly seq: number;
  readonly type: string;
  readonly timestamp: string;
  readonly data: JsonObject;
  readonly owner: number;
  readonly attempt: number;
  /** Attempts before this one that count towards giving up. */
  readonly failures: number;
  readonly mayHaveArrived: boolean;
  readonly held: boolean;
  readonly reached: readonly string[];
  readonly leaseUntil: Instant;
};

/** What became of a claimed row. All times are machine time. */
export type Settlement =
  | { readonly state: 'delivered'; readonly at: Instant }
  | {
      readonly state: 'dead';
      readonly problem: string;
      readonly failures: number;
      readonly reached?: readonly string[];
    }
  | {
      readonly state: 'waiting' | 'unknown';
      readonly problem: string;
      readonly failures: number;
      readonly nextAttemptAt: Instant;
      readonly held?: true;
      readonly reached?: readonly string[];
    };

export type OutboxStore = {
  /**
   * Takes messages that are due for `epoch` until `leaseUntil` and marks them as perhaps arrived, before anybody is
   * called. Only the first of each client that is neither delivered nor dead: what comes after it waits.
   */
  readonly claim: (claim: {
    readonly destination: string;
    readonly epoch: number;
    readonly machineNow: Instant;
    readonly leaseUntil: Instant;
    readonly limit: number;
  }) => Promise<readonly Claimed[]>;
  /**
   * Answers false, and changes nothing, when the row is no longer the claimer's at this attempt. What was gathered under
   * it ends as it does.
   */
  readonly settle: (claimed: Claimed, settlement: Settlement) => Promise<boolean>;
};

export const deliveryIdOf = (clientId: string, destination: string, seq: number): string =>
  `dlv-${clientId}:${destination}:${seq}`;
