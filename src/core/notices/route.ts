import type { MessageType } from '../journey/messages.ts';
import type { QuietHours } from './quiet-hours.ts';

/** Of what somebody wants to hear. Null: all of them. */
export type NoticeFilter = {
  readonly kinds: readonly MessageType[];
  readonly stages: readonly string[] | null;
  /** Ids of clients, or their beginnings followed by `*`. */
  readonly clients: readonly string[] | null;
};

/** What is told: of which kind, about whom, and in which stage. */
export type NoticeFacts = { readonly type: MessageType; readonly clientId: string; readonly stage: string };

export const isFor = ({ kinds, stages, clients }: NoticeFilter, { type, clientId, stage }: NoticeFacts): boolean =>
  kinds.includes(type) &&
  (stages === null || stages.includes(stage)) &&
  (clients === null || clients.some((pattern) => fits(pattern, clientId)));

const fits = (pattern: string, clientId: string): boolean =>
  pattern.endsWith('*') ? clientId.startsWith(pattern.slice(0, -1)) : clientId === pattern;

/** Who hears of what, and when they are left alone. */
export type Route = NoticeFilter & {
  readonly id: string;
  readonly email: readonly string[];
  /** Also those whom the journey's own metadata name as `contacts`. */
  readonly journeyContacts: boolean;
  /** Channels, groups and people in Slack, by id. */
  readonly slack: readonly string[];
  /** What passes quiet hours. */
  readonly urgent: readonly MessageType[];
  readonly quietHours: QuietHours | null;
  readonly digest: Digest;
  /** It hears only of what no other route to the same kind of recipients takes. */
  readonly isFallback: boolean;
};

/** So many notices in so long; the rest go out together. */
export type Digest = { readonly most: number; readonly window_ms: number };

/** A part of a route that goes out in an order of its own. What is urgent must not wait behind what is held. */
export type Lane = {
  readonly name: string;
  readonly kinds: readonly MessageType[];
  readonly quietHours: QuietHours | null;
};

export function lanesOf(name: string, { kinds, urgent, quietHours }: Route): readonly Lane[] {
  if (quietHours === null) return [{ name, kinds, quietHours }];
  const isUrgent = (kind: MessageType): boolean => urgent.includes(kind);
  return [
    { name: `${name}.urgent`, kinds: kinds.filter(isUrgent), quietHours: null },
    { name, kinds: kinds.filter((kind) => !isUrgent(kind)), quietHours },
  ].filter((lane) => lane.kinds.length > 0);
}

/** Whether the route is told; `others` are those that go the same way. */
export const takes = (route: Route, others: readonly Route[], facts: NoticeFacts): boolean =>
  isFor(route, facts) && !(route.isFallback && others.some((other) => !other.isFallback && isFor(other, facts)));

/**
 * An address that can stand in a header and in a command of SMTP as it is: no quotes, no blanks, no lines. Those of other
 * alphabets are written in punycode.
 */
export const isMailAddress = (text: string): boolean =>
  text.length <= 254 &&
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(
    text,
  );
