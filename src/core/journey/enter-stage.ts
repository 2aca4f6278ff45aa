import { hasExit, type Plan, type StagePlan } from '../plan.ts';
import { workIdOf } from '../work/unit.ts';
import { planCompensation, type Compensation } from './compensation.ts';
import { record, type Draft } from './draft.ts';
import { durationOf } from './durations.ts';
import type { CriterionResult, StageEntered, TransitionKind } from './events.ts';
import { settle } from './settle.ts';
import { timeSplit } from './time-split.ts';
import { advanceUnits } from './work.ts';

export type Entry = {
  readonly kind: TransitionKind;
  readonly from: string | null;
  readonly reason: string;
  readonly completedStages: readonly string[];
  readonly results?: readonly CriterionResult[];
  readonly approvalId?: string;
  readonly override?: NonNullable<StageEntered['override']>;
  readonly automatic?: true;
  /** What is undone of the stages that were left. */
  readonly compensation?: Compensation;
};

/** The journey enters `stage` under `plan`: its units of work are created and their first tasks begin. */
export function enterStage(draft: Draft, plan: Plan, stage: StagePlan, entry: Entry): void {
  const { journey, world } = draft;
  const stageEntry = journey.stageEntry + 1;
  record(draft, {
    type: 'stage_entered',
    kind: entry.kind,
    from: entry.from,
    stage: stage.id,
    entry: stageEntry,
    config_hash: plan.hash,
    reason: entry.reason,
    completed_stages: entry.completedStages,
    holds_slot: hasExit(plan, stage),
    units: stage.templates.map(({ id }) => ({
      work_id: workIdOf(journey.clientId, stageEntry, id),
      template_id: id,
    })),
    owner: world.hasRoom ? world.epoch : null,
    ...(entry.from === null ? {} : { time_split_ms: timeSplit(journey, world.now) }),
    ...(entry.results ? { results: entry.results } : {}),
    ...(entry.approvalId === undefined ? {} : { approval_id: entry.approvalId }),
    ...(entry.override ? { override: entry.override } : {}),
    ...(entry.automatic ? { automatic: entry.automatic } : {}),
  });
  draft.lookAt = durationOf(stage, draft.journey, world.now).changesAt;
  if (entry.compensation) planCompensation(draft, entry.compensation);
  advanceUnits(draft);
  // With work to do the gate cannot open yet, and a list of criteria that nobody could have met tells nothing.
  if (stage.templates.length === 0) settle(draft);
}
