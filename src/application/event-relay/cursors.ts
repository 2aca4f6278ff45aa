import type { Instant } from '#core/time.ts';
import type { StoredEvent } from '../dependencies.ts';

/** How far a client's events have been copied. The event `seq` has revision `seq - firstSeq` in its stream. */
export type EventCursor = {
  readonly clientId: string;
  /** 1, or the first event that was still kept when the copy began. */
  readonly firstSeq: number;
  readonly relayedSeq: number;
};

export type Parked = { readonly at: Instant; readonly problem: string };

export type EventCursors = {
  /** Of the next `examined` clients after `after`: those with events to copy. `next` null: those were the last. */
  readonly behind: (
    after: string,
    examined: number,
  ) => Promise<{ readonly clientIds: readonly string[]; readonly next: string | null }>;
  /** Takes those of the clients that are behind, not parked, and with nobody else. */
  readonly claim: (claim: {
    readonly clientIds: readonly string[];
    readonly epoch: number;
    readonly machineNow: Instant;
    readonly leaseUntil: Instant;
  }) => Promise<readonly EventCursor[]>;
  /** The events after `seq`, in order; as many as fit into `bytes`, but one at least if there is one. */
  readonly events: (
    clientId: string,
    after: number,
    limit: { readonly events: number; readonly bytes: number },
  ) => Promise<readonly StoredEvent[]>;
  /** Moves the cursor and prolongs the lease; false: it is no longer the claimer's. */
  readonly move: (cursor: EventCursor, to: number, epoch: number, leaseUntil: Instant) => Promise<boolean>;
  readonly release: (cursor: EventCursor, epoch: number) => Promise<void>;
  readonly park: (cursor: EventCursor, epoch: number, parked: Parked) => Promise<void>;
  /** Lets a parked client go on; false: it was not parked. */
  readonly resume: (clientId: string) => Promise<boolean>;
  readonly find: (clientId: string) => Promise<(EventCursor & { readonly parked: Parked | null }) | null>;
  readonly parkedCount: () => Promise<number>;
};
