import type { Instant } from '#core/time.ts';
import type { OutboundMessage } from '../relay/destination.ts';

/** What keeps people from being flooded, over all replicas: how much has been sent lately, and what goes out together. */
export type NoticeStore = {
  /** Takes a place in the present window; where there is none, says when the next window begins. */
  readonly place: (window: NoticeWindow, now: Instant) => Promise<Place>;
  /** The place was taken in vain: nothing has been sent. */
  readonly giveBack: (window: NoticeWindow) => Promise<void>;
  /**
   * What goes out with the message `under`, oldest first. `more`: everything that is due is added to it before; without,
   * it is what was gathered at an earlier attempt, so that whoever has that already receives the same again.
   */
  readonly gather: (
    under: { readonly destination: string; readonly clientId: string; readonly seq: number },
    how: {
      readonly more: boolean;
      /** Only messages of the same client. */
      readonly ownClient: boolean;
      readonly limit: number;
      readonly now: Instant;
    },
  ) => Promise<readonly Gathered[]>;
};

/** A message without its name, which follows from the rest. */
export type Gathered = Omit<OutboundMessage, 'id'>;

export type NoticeWindow = {
  readonly destination: string;
  /** Null: one window for all clients. */
  readonly clientId: string | null;
  readonly most: number;
  readonly window_ms: number;
};

export type Place =
  | { readonly granted: true; readonly isLast: boolean }
  | { readonly granted: false; readonly until: Instant };
