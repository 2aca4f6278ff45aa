import { z } from 'zod';
import { failed, passed, unknown, type Judgement } from '#core/criteria/verdict.ts';
import { DAY } from '#core/time.ts';
import { roundedUp } from './rounding.ts';
import { noEvidence } from './seen.ts';
import { defineValidator, type Validator } from './validator.ts';

/** The guide's success metrics, which are goals and never exit criteria: judged like them, but a gate does not know them. */
export const metricNames = ['user_adoption', 'search_satisfaction', 'query_volume_growth'] as const;
export type MetricName = (typeof metricNames)[number];

const parameters = z.strictObject({
  target: z.number().min(-1_000_000).max(1_000_000),
  window_days: z.number().positive().max(365).default(30),
  /** How old a figure may be; unless said, as old as its window is long. */
  max_age_hours: z.number().positive().max(87_600).nullable().default(null),
});
type Parameters = z.output<typeof parameters>;

function against(name: string, measured: number, { target }: Parameters, words: string): Judgement {
  const fields = { measured, target };
  return measured >= target
    ? passed({ ...fields, message: `${words}.` })
    : failed(`${name}.below_target`, {
        ...fields,
        message: `${words}, under ${target}.`,
        distance: `${name} up by ${roundedUp(target - measured, 4)}`,
      });
}

const rounded = (figure: number): number => Math.round(figure * 10_000) / 10_000;

const userAdoption = defineValidator({
  name: 'UserAdoptionMetric',
  evidence: 'user_adoption',
  parameters,
  scope: 'stage',
  judge([newest], rule) {
    if (!newest) return noEvidence('user_adoption', rule.target, 'the share of users who search');
    const { value } = newest;
    const rate = rounded('rate' in value ? value.rate : value.active / value.cohort);
    return against('user_adoption', rate, rule, `${rate} of the users are active`);
  },
});

const searchSatisfaction = defineValidator({
  name: 'SearchSatisfactionMetric',
  evidence: 'search_satisfaction',
  parameters,
  scope: 'stage',
  judge([newest], rule) {
    if (!newest) return noEvidence('search_satisfaction', rule.target, 'a satisfaction score');
    const { score } = newest.value;
    return against('search_satisfaction', score, rule, `Satisfaction is ${score}`);
  },
});

/** A window that is a tenth longer or shorter than asked for still says the same. */
const WINDOW_TOLERANCE = 0.1;

const queryVolumeGrowth = defineValidator({
  name: 'QueryVolumeGrowthMetric',
  evidence: 'query_volume',
  parameters,
  scope: 'stage',
  judge([newest], rule) {
    const needed = `the number of queries in ${rule.window_days} days, with previous_count of the ${rule.window_days} days before`;
    if (!newest) return noEvidence('query_volume', rule.target, needed);
    const { count, previous_count, window_start, window_end } = newest.value;
    const days = window_start && window_end ? (Date.parse(window_end) - Date.parse(window_start)) / DAY : undefined;
    if (days !== undefined && Math.abs(days - rule.window_days) > rule.window_days * WINDOW_TOLERANCE)
      return unknown(
        'query_volume_growth.other_window',
        `Counted were ${rounded(days)} days, asked for are ${rule.window_days}.`,
        { target: rule.target, distance: needed },
      );
    if (previous_count === undefined || previous_count === 0)
      return unknown(
        'query_volume_growth.nothing_before',
        previous_count === 0
          ? 'There were no queries in the window before: growth from nothing has no figure.'
          : `There were ${count} queries; how many there were in the window before is not known.`,
        { target: rule.target, distance: needed },
      );
    const growth = rounded(count / previous_count - 1);
    return against(
      'query_volume_growth',
      growth,
      rule,
      `${count} queries after ${previous_count}: growth is ${growth}`,
    );
  },
});

/** By the name under which a goal in the shape of an exit criterion may ask for them. */
export const metricValidators: Readonly<Record<MetricName, Validator>> = {
  user_adoption: userAdoption,
  search_satisfaction: searchSatisfaction,
  query_volume_growth: queryVolumeGrowth,
};
