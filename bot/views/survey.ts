import { actions, button, header, message, note, paragraph, type Message } from './blocks.ts';

export const SCORE = 'survey_score_';
export const scores = [1, 2, 3, 4, 5] as const;

/** Which stage entry of whose journey is asked about: an answer to an old survey does not count for a new stage. */
export type Surveyed = { readonly client_id: string; readonly stage_entry: number };

export function survey(surveyed: Surveyed): Message {
  const value = JSON.stringify(surveyed satisfies Surveyed);
  return message('How well does the search work for you? 1 (not at all) to 5 (very well).', [
    header('How well does the search work?'),
    paragraph('1 is not at all, 5 is very well. Your last answer counts.'),
    actions(...scores.map((score) => button({ id: `${SCORE}${score}`, label: String(score), value }))),
    note(`About the roll-out of ${surveyed.client_id}.`),
  ]);
}
