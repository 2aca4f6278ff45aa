import { z } from 'zod';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import { roundedUp } from './rounding.ts';
import { noEvidence } from './seen.ts';
import { defineValidator } from './validator.ts';

export default defineValidator({
  name: 'SearchQualityValidator',
  evidence: 'search_quality',
  parameters: z.strictObject({
    min_precision: z.number().min(0).max(1),
    sample_queries: z.int().min(1).max(10_000),
    k: z.int().min(1).max(1_000).default(5),
    max_age_hours: maxAgeHours(168),
  }),
  scope: 'stage',
  judge([newest], { min_precision, sample_queries, k }) {
    if (!newest)
      return noEvidence(
        'search_quality',
        min_precision,
        `measure precision@${k} over at least ${sample_queries} queries`,
      );
    const { precision, sampled } = newest.value;
    const fields = { measured: precision, target: min_precision };
    // Precision at another depth is another figure: precision@1 and precision@10 of one index differ widely.
    if (newest.value.k !== k)
      return unknown(
        'search_quality.other_k',
        `Measured was precision@${newest.value.k}, asked for is precision@${k}.`,
        {
          ...fields,
          distance: `precision@${k} measured over at least ${sample_queries} queries`,
        },
      );
    // A score from a thin sample shows neither success nor failure.
    if (sampled < sample_queries)
      return unknown('search_quality.too_few', `Only ${sampled} of ${sample_queries} queries were answered.`, {
        ...fields,
        distance: `${sample_queries - sampled} more of ${sample_queries} sampled queries`,
      });
    if (precision < min_precision)
      return failed('search_quality.below_target', {
        ...fields,
        message: `precision@${k} is ${precision}, under ${min_precision} (over ${sampled} queries).`,
        distance: `precision@${k} up by ${roundedUp(min_precision - precision, 4)}`,
      });
    return passed({ ...fields, message: `precision@${k} is ${precision} over ${sampled} queries.` });
  },
});
