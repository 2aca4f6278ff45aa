import type { DeliveryResult, OutboundMessage } from '../relay/destination.ts';

/** What goes out to people as one: a message, and whatever was gathered under it. */
export type Notice = {
  /** The same at every attempt, whatever was gathered meanwhile: receivers recognise repetitions by it. */
  readonly id: string;
  /** The name of the route and the way that it takes, for keys of what stands somewhere. */
  readonly destination: string;
  readonly recipients: readonly string[];
  /** Recipients that have it already. */
  readonly reached: readonly string[];
  /** The first is the one that it is named after; in the order in which they are read. */
  readonly items: readonly [OutboundMessage, ...OutboundMessage[]];
  readonly mayHaveArrived: boolean;
};

/** A way to people: mail, or a chat. */
export type Channel = {
  /** What may be down, for all routes that go this way. */
  readonly dependency: string;
  readonly send: (notice: Notice, signal: AbortSignal) => Promise<DeliveryResult>;
};
