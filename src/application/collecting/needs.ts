import { accepts } from '#core/criteria/gate.ts';
import type { EvidenceCriterion, StagePlan } from '#core/plan.ts';
import { stageOf } from '#core/plan.ts';
import type { Plans } from '../ports.ts';
import type { CollectionStore, Need } from './collection-store.ts';
import { originOf, type Collector } from './collector.ts';

/** What the stage judges on evidence of the kind that this collector may bring: criteria, rollback criteria and goals. */
export const criteriaFor = (stage: StagePlan, collector: string, kind: string): readonly EvidenceCriterion[] =>
  judgedOnEvidence(stage).filter(
    ({ evidenceKind, acceptedSources }) => evidenceKind === kind && accepts(acceptedSources, originOf(collector)),
  );

const judgedOnEvidence = ({ criteria, rollbackCriteria, goals }: StagePlan): readonly EvidenceCriterion[] => [
  ...criteria.filter((criterion) => criterion.kind === 'evidence'),
  ...rollbackCriteria,
  ...goals.map(({ criterion }) => criterion),
];

/** Where anybody waits for what the collector brings. Evidence that nobody judges is not asked for. */
export async function needsOf(
  { name, brings }: Collector,
  store: Pick<CollectionStore, 'occupied'>,
  plans: Plans,
): Promise<readonly Need[]> {
  const occupied = await store.occupied();
  await plans.ensure(new Set(occupied.map(({ configHash }) => configHash)));
  return occupied.flatMap((at) => {
    const stage = stageOf(plans.get(at.configHash), at.stage);
    if (!stage) return [];
    return brings.filter(({ kind }) => criteriaFor(stage, name, kind).length > 0).map(({ kind }) => ({ ...at, kind }));
  });
}
