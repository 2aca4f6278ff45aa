import { isObject, type Json } from '#core/json.ts';
import { messageTypes, stageOf, type Destination, type OutboundMessage } from '#application/relay/destination.ts';
import type { Execute } from '#application/execute.ts';
import type { Logger } from '#application/ports.ts';
import { system } from '#application/principal.ts';
import type { SlackMessage, SlackStore } from '#application/slack-store.ts';
import type { Outcome } from './acting.ts';
import { cardOf, type CardSource } from './approval-cards.ts';
import type { Posting } from './posting.ts';
import { approvalCard, type Card, type CardOutcome } from './views/card.ts';
import { threadHead, type JourneyView } from './views/journey.ts';
import { notice, type Told } from './views/notices.ts';
import { figure, words } from '#application/notifications/words.ts';
import { deliveryResultOf } from './web-api.ts';

export type TellingOptions = {
  readonly post: Posting;
  readonly store: SlackStore;
  readonly cards: CardSource;
  readonly execute: Execute;
  readonly logger: Logger;
  readonly channel: string;
  readonly stageChannels: { readonly [stage: string]: string };
};

/** A channel takes a message a second: more at once would wait for each other until their time is over. */
const AT_ONCE = 3;

/** The outbox's way into Slack: one thread a journey and channel, its cards, and edits of what stands there. */
export function slackTelling(options: TellingOptions): Destination {
  return {
    name: 'slack',
    wants: messageTypes,
    concurrency: AT_ONCE,
    deliver: async (message) => {
      try {
        await tell(options, message);
        return { type: 'delivered' };
      } catch (error) {
        return deliveryResultOf(error);
      }
    },
  };
}

async function tell(options: TellingOptions, message: OutboundMessage): Promise<void> {
  const { post } = options;
  const { clientId, seq, type, data, mayHaveArrived } = message;
  const told: Told = { type, client_id: clientId, seq, at: Date.parse(message.timestamp), data };
  const run = asSystem(options.execute, `slack-${clientId}-${seq}-${message.attempt}`);
  const shown = await run(options.cards.show, { client_id: clientId });
  if (!shown.ok) throw new Error(shown.problem.message);
  const journey = shown.output as JourneyView;
  const channel = options.stageChannels[stageOf(data) ?? journey.stage] ?? options.channel;
  const head = await headOf(post, journey, channel, mayHaveArrived);
  if (
    type.startsWith('journey.') &&
    isObject(head.shown) &&
    head.shown['stage'] !== `${journey.stage} ${journey.status}`
  )
    await post.edit(clientId, head, threadHead(journey), headShown(journey));
  if (type.startsWith('approval.')) await tellOfApproval(options, { told, run, channel, head, mayHaveArrived });
  // The card says by itself that an approval is asked for.
  if (type !== 'approval.requested')
    await post.once(
      {
        clientId,
        key: `notice:${seq}`,
        channel,
        thread: head.ts,
        broadcast: isForAll(type),
        message: notice(told),
        shown: null,
      },
      mayHaveArrived,
    );
}

/** What must not be overlooked in a thread. */
const isForAll = (type: string): boolean =>
  ['approval.reminded', 'duration.breached', 'work.failed', 'work.interrupted', 'journey.rolled_back'].includes(type);

const headShown = ({ stage, status }: JourneyView): Json => ({ stage: `${stage} ${status}` });

const headOf = (post: Posting, journey: JourneyView, channel: string, mayStand: boolean): Promise<SlackMessage> =>
  post.once(
    {
      clientId: journey.client_id,
      key: `thread:${journey.run}:${channel}`,
      channel,
      message: threadHead(journey),
      shown: headShown(journey),
    },
    mayStand,
  );

type Run = (useCase: Parameters<Execute>[0], input: unknown) => Promise<Outcome>;

function asSystem(execute: Execute, requestId: string): Run {
  return async (useCase, input) => {
    const answer = await execute(useCase, { principal: system, door: 'slack', requestId }, input);
    return answer.ok ? { ...answer, principal: system } : answer;
  };
}

type OfApproval = {
  readonly told: Told;
  readonly run: Run;
  readonly channel: string;
  readonly head: SlackMessage;
  readonly mayHaveArrived: boolean;
};

async function tellOfApproval({ post, store, cards }: TellingOptions, of: OfApproval): Promise<void> {
  const { told, run, channel, head, mayHaveArrived } = of;
  const { client_id: clientId, data } = told;
  const key = `card:${figure(data['approval_id'])}`;
  if (told.type === 'approval.requested') {
    const card = await cardOf(cards, run, clientId, data);
    // Decided, or void, before anybody could be asked: the next message says so.
    if (!card) return;
    await post.once(
      {
        clientId,
        key,
        channel,
        thread: head.ts,
        broadcast: true,
        message: approvalCard(card),
        shown: card as unknown as Json,
      },
      mayHaveArrived,
    );
    return;
  }
  const standing = await store.message(clientId, key);
  const card = standing && (standing.shown as unknown as Card);
  const after = card && afterwards(card, told);
  if (standing && after) await post.edit(clientId, standing, approvalCard(after), after as unknown as Json);
}

/** The card once something has become of it; undefined: it stays as it is. */
function afterwards(card: Card, { type, at, data }: Told): Card | undefined {
  const { by, decision, status, reason, why, changed } = data;
  if (type === 'approval.voided') {
    const what = Array.isArray(changed) && changed.length > 0 ? `: ${changed.join('; ')}` : '';
    return { ...card, outcome: { is: 'void', why: `${words(figure(why))}${what}`, at } };
  }
  if (type !== 'approval.decided') return undefined;
  const votes = decision === 'approve' ? [...new Set([...card.votes, figure(by)])] : card.votes;
  if (status === 'open') return { ...card, votes };
  const outcome: CardOutcome = {
    is: decision === 'approve' ? 'approved' : 'rejected',
    by: figure(by),
    at,
    reason: typeof reason === 'string' ? reason : null,
  };
  return { ...card, votes, outcome };
}
