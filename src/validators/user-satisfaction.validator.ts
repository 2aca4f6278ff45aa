import { z } from 'zod';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import { roundedUp } from './rounding.ts';
import { noEvidence } from './seen.ts';
import { defineValidator, type Seen } from './validator.ts';

const parameters = z
  .strictObject({
    min_score: z.number().min(1).max(100),
    min_responses: z.int().min(1).max(1_000_000),
    scale_max: z.number().min(2).max(100).default(5),
    max_age_hours: maxAgeHours(null),
  })
  .refine(({ min_score, scale_max }) => min_score <= scale_max, {
    path: ['min_score'],
    error: 'must not be above scale_max: nobody could ever reach it',
  });

export default defineValidator({
  name: 'UserSatisfactionValidator',
  evidence: 'survey_response',
  parameters,
  scope: 'stage',
  judge(seen, { min_score, min_responses, scale_max }) {
    const answers = newestByRespondent(seen);
    if (answers.length === 0) return noEvidence('survey_response', min_score, `${min_responses} survey responses`);
    // An answer on another scale (0 to 10, say) would move the mean without meaning anything.
    const offScale = answers.filter(({ value }) => value.score < 1 || value.score > scale_max);
    if (offScale.length > 0) {
      const who = offScale.slice(0, 5).map(({ subject, value }) => `${subject} (${value.score})`);
      return unknown('survey.off_scale', `Scores outside 1 to ${scale_max}: ${who.join(', ')}.`, {
        distance: `these answers on the scale from 1 to ${scale_max}`,
      });
    }
    const mean = answers.reduce((sum, { value }) => sum + value.score, 0) / answers.length;
    const fields = { measured: Math.round(mean * 100) / 100, target: min_score };
    if (answers.length < min_responses)
      return unknown('survey.too_few', `Only ${answers.length} of ${min_responses} responses have come in.`, {
        ...fields,
        distance: `${min_responses - answers.length} more of ${min_responses} responses`,
      });
    // Adding up decimals leaves dust: a mean of exactly the target must not fail for 4e-16.
    if (mean + 1e-9 < min_score)
      return failed('user_satisfaction.below_target', {
        ...fields,
        message: `The mean score of ${answers.length} responses is ${fields.measured}, under ${min_score}.`,
        distance: `the mean up by ${roundedUp(min_score - mean, 2)}`,
      });
    return passed({ ...fields, message: `The mean score of ${answers.length} responses is ${fields.measured}.` });
  },
});

/** Whoever answers twice has changed their mind: one voice each, the latest. */
function newestByRespondent<V>(seen: readonly Seen<V>[]): readonly Seen<V>[] {
  const newest = new Map<string, Seen<V>>();
  for (const each of seen) {
    const other = newest.get(each.subject);
    if (!other || each.observedAt > other.observedAt) newest.set(each.subject, each);
  }
  return [...newest.values()];
}
