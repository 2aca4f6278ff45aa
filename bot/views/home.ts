import type { types } from '@slack/bolt';
import { approvalCard, type Card } from './card.ts';
import { divider, header, note, paragraph, section, type Block } from './blocks.ts';
import { wrapped } from './text.ts';

export type HomeJourney = {
  readonly client_id: string;
  readonly stage: string;
  readonly status: string;
  readonly day: number;
};

/** Slack takes 100 blocks in a home tab. */
const MOST_BLOCKS = 100;
const MOST_CARDS = 3;

/** What waits for this person, and how the journeys stand that they started. */
export function home(cards: readonly Card[], open: number, journeys: readonly HomeJourney[]): types.HomeView {
  const blocks: Block[] = [
    header(`My approvals: ${open}`),
    ...(open === 0 ? [paragraph('Nothing waits for you.')] : []),
    ...cards.slice(0, MOST_CARDS).flatMap((card) => [...approvalCard(card).blocks, divider]),
    ...(open > MOST_CARDS ? [note(`The oldest ${MOST_CARDS}. /journey approvals shows more.`)] : []),
    header(`My journeys: ${journeys.length}`),
    ...(journeys.length === 0 ? [paragraph('None yet: /journey start begins one.')] : []),
    ...journeys
      .slice(0, 20)
      .map(({ client_id, stage, status, day }) =>
        section(wrapped(client_id), wrapped(`   ${stage} · ${status} · day ${day}`)),
      ),
  ];
  return { type: 'home', blocks: blocks.slice(0, MOST_BLOCKS) };
}

export const homeRefusal = (text: string, hint: string | undefined): types.HomeView => ({
  type: 'home',
  blocks: [paragraph(text), ...(hint === undefined ? [] : [note(hint)])],
});
