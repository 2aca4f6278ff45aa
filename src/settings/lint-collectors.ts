import { validators } from '#validators/registry.ts';
import type { CollectorsFile } from './collectors-file.ts';
import type { CriterionDocument, StageDocument } from './file-schemas.ts';
import { finding, type Finding } from './findings.ts';

type Refresh = { readonly at: string; readonly minutes: number };

const refreshes = ({ collectors: { prometheus, glean } }: CollectorsFile): ReadonlyMap<string, Refresh> =>
  new Map([
    ['performance', { at: 'collectors.prometheus.refresh_minutes', minutes: prometheus.refresh_minutes }],
    ...Object.entries(glean.refresh_minutes).map(
      ([kind, minutes]) => [kind, { at: `collectors.glean.refresh_minutes.${kind}`, minutes }] as const,
    ),
  ]);

/** Evidence that is brought more seldom than it counts is stale in between, and the gate opens and shuts with it. */
export function lintRefreshes(file: CollectorsFile, stages: readonly StageDocument[]): readonly Finding[] {
  const known = refreshes(file);
  return stages.flatMap(({ stage_id, exit_criteria, rollback_criteria }) =>
    [...exit_criteria, ...rollback_criteria].flatMap((criterion) => {
      const refresh = known.get(kindOf(criterion));
      const hours = criterion.parameters['max_age_hours'];
      if (!refresh || typeof hours !== 'number' || refresh.minutes <= hours * 60) return [];
      return [
        finding(
          'collector.refresh_exceeds_age',
          refresh.at,
          `It is brought every ${refresh.minutes} minutes, but counts for ${hours} hours for ${criterion.check_id} of ${stage_id}.`,
          'Bring it sooner, or raise max_age_hours.',
        ),
      ];
    }),
  );
}

function kindOf({ validator }: Pick<CriterionDocument, 'validator'>): string {
  const judge = validators.get(validator);
  return judge?.kind === 'evidence' ? judge.evidence : '';
}
