import type { Block, Message } from './blocks.ts';
import { actions, button, header, linkButton, message, note, paragraph, section } from './blocks.ts';
import { criterionLines, type CriterionView } from './criteria.ts';
import { when } from '#application/notifications/words.ts';
import { whoIs, wrapped } from './text.ts';

/** Everything that an approval card shows; kept with it, so that an edit changes what was decided and nothing else. */
export type Card = {
  readonly client_id: string;
  readonly approval_id: string;
  readonly digest: string;
  readonly stage: string;
  readonly day: number;
  readonly target_days: number | null;
  readonly criteria: readonly CriterionView[];
  readonly asked_at: number;
  readonly expires_at: string;
  readonly min_approvals: number;
  readonly approvers: readonly string[];
  readonly link: string | null;
  readonly votes: readonly string[];
  readonly outcome: CardOutcome;
};

export type CardOutcome =
  | { readonly is: 'open' }
  | { readonly is: 'approved' | 'rejected'; readonly by: string; readonly at: number; readonly reason: string | null }
  | { readonly is: 'void'; readonly why: string; readonly at: number };

/** Slack takes 50 blocks, and the buttons must be among them. */
const MOST_CRITERIA = 40;

export const APPROVE = 'approve';
export const REJECT = 'reject';
export const OPEN_LINK = 'open_link';

/** What a decision is about. Slack hands it back with the click; who clicked is never in it. */
export type Asked = { readonly approval_id: string; readonly digest: string };

export function approvalCard(card: Card): Message {
  const { client_id, stage, outcome } = card;
  const title = outcome.is === 'open' ? `Approve ${client_id}?` : `${client_id}: ${said(outcome)}`;
  return message(
    outcome.is === 'open'
      ? `Approval is asked for: ${client_id}, ${stage}.`
      : `${client_id}, ${stage}: ${said(outcome)}.`,
    [
      header(title),
      section(wrapped(`Client  ${client_id}`), wrapped(`Stage  ${stage}`), wrapped(dayOf(card))),
      ...card.criteria.slice(0, MOST_CRITERIA).map((criterion) => section(criterionLines(criterion, card.asked_at))),
      ...(card.criteria.length > MOST_CRITERIA ? [note(`And ${card.criteria.length - MOST_CRITERIA} more.`)] : []),
      ...ending(card),
    ],
  );
}

const said = (outcome: CardOutcome): string => (outcome.is === 'void' ? 'no longer asked' : outcome.is);

export const dayOf = ({ day, target_days }: { readonly day: number; readonly target_days: number | null }): string =>
  target_days === null ? `Day ${day}` : `Day ${day} of ${target_days}`;

function ending(card: Card): readonly Block[] {
  const { outcome, link } = card;
  const look = link === null ? [] : [linkButton(OPEN_LINK, 'Look at the journey', link)];
  if (outcome.is === 'open')
    return [
      ...(card.votes.length > 0
        ? [paragraph(`${card.votes.length} of ${card.min_approvals} approved: ${names(card)}.`)]
        : []),
      actions(
        button({ id: APPROVE, label: 'Approve', value: asked(card), style: 'primary' }),
        button({ id: REJECT, label: 'Reject…', value: asked(card), style: 'danger' }),
        ...look,
      ),
      note(`By ${card.approvers.join(' or ') || 'an approver'}, until ${when(card.expires_at)}.`),
    ];
  return [paragraph(ended(card, outcome)), ...(look.length > 0 ? [actions(...look)] : [])];
}

function ended(card: Card, outcome: Exclude<CardOutcome, { is: 'open' }>): string {
  if (outcome.is === 'void') return `No longer asked since ${when(outcome.at)}: ${outcome.why}.`;
  const reason = outcome.reason === null ? '' : `\n“${outcome.reason}”`;
  return outcome.is === 'approved'
    ? `Approved by ${names(card) || whoIs(outcome.by)}, ${when(outcome.at)}.${reason}`
    : `Rejected by ${whoIs(outcome.by)}, ${when(outcome.at)}.${reason}`;
}

const names = ({ votes }: Card): string => votes.map(whoIs).join(', ');
const asked = ({ approval_id, digest }: Card): string => JSON.stringify({ approval_id, digest } satisfies Asked);
