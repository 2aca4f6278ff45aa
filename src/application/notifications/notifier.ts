import { messageTypes, type MessageType } from '#core/journey/messages.ts';
import { isFor, takes, type Route } from '#core/notices/route.ts';
import { stageOf, type DeliveryResult, type Destination, type OutboundMessage } from '../relay/destination.ts';
import { oneLine, sentenceIn } from './mail.ts';

/** What the service needs besides the message: how to say it, and to whom. */
export type NoticeDetails = {
  readonly text: string;
  readonly urgent: boolean;
  readonly channels: readonly string[];
  /** By channel; empty where no route names anybody: then the service decides. */
  readonly recipients: { readonly [channel in 'email' | 'slack']?: readonly string[] };
};

export type ServiceParts = {
  readonly post: (message: OutboundMessage, details: NoticeDetails, signal: AbortSignal) => Promise<DeliveryResult>;
  readonly channels: readonly ('email' | 'slack')[];
  readonly routes: readonly Route[];
  readonly contactsOf: (clientId: string) => Promise<readonly string[]>;
};

/** A service that tells people: it hears of everything, and of whom the routes name. When to tell them is up to it. */
export const serviceDestination = ({ post, channels, routes, contactsOf }: ServiceParts): Destination => ({
  name: 'notifications',
  wants: messageTypes,
  deliver: async (message, signal) => {
    const { clientId, type, data } = message;
    const facts = { type: type as MessageType, clientId, stage: stageOf(data) ?? '' };
    const bySlack = routes.filter(({ slack }) => slack.length > 0);
    const byMail = routes.filter(({ email, journeyContacts }) => email.length > 0 || journeyContacts);
    const mailed = byMail.filter((route) => takes(route, byMail, facts));
    const contacts = mailed.some(({ journeyContacts }) => journeyContacts) ? await contactsOf(clientId) : [];
    const recipients = {
      email: unique([...mailed.flatMap(({ email }) => email), ...contacts]),
      slack: unique(bySlack.filter((route) => isFor(route, facts)).flatMap(({ slack }) => slack)),
    };
    const details: NoticeDetails = {
      text: oneLine(sentenceIn(message)),
      urgent: routes.some((route) => isFor(route, facts) && route.urgent.includes(facts.type)),
      channels,
      recipients: Object.fromEntries(channels.map((channel) => [channel, recipients[channel]])),
    };
    return post(message, details, signal);
  },
});

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)];
