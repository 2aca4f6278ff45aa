import { accepts, holds, workDone } from '../criteria/gate.ts';
import type { Verdict } from '../criteria/verdict.ts';
import type { Journey } from '../journey/journey.ts';
import type { StagePlan } from '../plan.ts';
import type { Uncollected } from './explain.ts';
import { withoutStop, type Blocker, type BlockerKind, type NextAction, type Owner } from './blocker.ts';

/** The required criteria that do not hold, one a blocker. */
export const gateBlockers = (
  stage: StagePlan,
  journey: Journey,
  verdicts: readonly Verdict[],
  uncollected: readonly Uncollected[],
): readonly Blocker[] =>
  verdicts
    .filter((verdict) => !holds(verdict))
    .map((verdict) => {
      const { checkId, code, message, measured, target, observedAt } = verdict;
      const about = ABOUT_APPROVALS[code];
      const uncollectable = uncollectedFor(stage, verdict, uncollected);
      return {
        kind: about?.kind ?? kindOf(verdict),
        subject: checkId,
        message: [`${checkId}: ${withoutStop(message)}`, ...uncollectable.map(uncollectedText)].join('; '),
        owner: about?.owner ?? 'us',
        since: code.startsWith('approval.') ? (journey.approval?.requestedAt ?? null) : observedAt,
        ...(measured === undefined ? {} : { measured }),
        ...(target === undefined ? {} : { target }),
        action: code.startsWith('approval.')
          ? askedAction(journey, verdict)
          : evidenceAction(stage, verdict, uncollectable),
      };
    });

/** What should have come by itself and has not; once something is known, that is what counts. */
function uncollectedFor(
  stage: StagePlan,
  { checkId, outcome }: Verdict,
  uncollected: readonly Uncollected[],
): readonly Uncollected[] {
  const criterion = stage.criteria.find((one) => one.checkId === checkId);
  if (outcome !== 'unknown' || criterion?.kind !== 'evidence') return [];
  return uncollected.filter(
    ({ collector, kind }) =>
      kind === criterion.evidenceKind && accepts(criterion.acceptedSources, `collector:${collector}`),
  );
}

const uncollectedText = ({ problem }: Uncollected): string =>
  `evidence could not be collected: ${withoutStop(problem)}`;

type About = { readonly kind: BlockerKind; readonly owner: Owner };

const ABOUT_APPROVALS: { readonly [code: string]: About | undefined } = {
  'approval.rejected': { kind: 'approval_rejected', owner: 'us' },
  'approval.expired': { kind: 'approval_expired', owner: 'us' },
  'approval.stale': { kind: 'approval_stale', owner: 'us' },
  'approval.pending': { kind: 'approval_pending', owner: 'approver' },
  'approval.not_requested': { kind: 'approval_pending', owner: 'us' },
};

/** Evidence that was there once and no longer counts is another matter than evidence that never was. */
const STALE = new Set(['evidence.stale', 'evidence.before_stage_entry']);

const kindOf = ({ outcome, code }: Verdict): BlockerKind =>
  outcome === 'failed' ? 'criterion_failed' : STALE.has(code) ? 'criterion_stale' : 'criterion_unknown';

function askedAction({ approval }: Journey, { code, distance }: Verdict): NextAction {
  const again = { does: 'request_approval' } as const;
  switch (code) {
    case 'approval.pending':
      return {
        text: distance ?? 'approve or reject it',
        call: { does: 'decide_approval', approvalId: approval?.id ?? '', digest: approval?.digest ?? '' },
      };
    case 'approval.rejected':
      return { text: `${distance ?? 'mend it'}: request the approval again`, call: again };
    case 'approval.not_requested':
      return { text: 'meet the other criteria: people are asked by themselves then', call: null };
    default:
      return { text: 'wait for the next evaluation, which asks anew, or request the approval now', call: again };
  }
}

function evidenceAction(
  stage: StagePlan,
  { checkId, distance }: Verdict,
  uncollectable: readonly Uncollected[],
): NextAction {
  const criterion = stage.criteria.find((one) => one.checkId === checkId);
  const kind = criterion?.kind === 'evidence' ? criterion.evidenceKind : checkId;
  const mend = uncollectable.map(({ collector }) => `mend what ${collector} names (it is asked again by itself), or: `);
  return {
    text: `${mend.join('')}${withoutStop(distance ?? `record ${kind} evidence that shows better`)}`,
    call: { does: 'record_evidence', kind },
  };
}

/** Everything is there, and the journey has not moved on. */
export function promotionBlocker({ id, autoPromotion }: StagePlan, journey: Journey): Blocker {
  return {
    kind: 'promotion_pending',
    subject: id,
    message: autoPromotion
      ? `the gate of ${id} is open, and the next evaluation promotes`
      : `the gate of ${id} is open, and it is not promoted by itself`,
    owner: 'us',
    since: workDone(journey) ? lastFinish(journey) : null,
    action: { text: 'promote it', call: { does: 'promote' } },
  };
}

function lastFinish({ units, stageStartedAt }: Journey): number {
  return Math.max(stageStartedAt, ...units.flatMap(({ finishedAt }) => (finishedAt === null ? [] : [finishedAt])));
}
