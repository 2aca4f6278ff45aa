import { MINUTE, type Instant } from '../time.ts';
import type { ApprovalCriterion, Criterion, EvidenceCriterion, JudgeContext, StagePlan } from '../plan.ts';
import type { Journey } from '../journey/journey.ts';
import { outputsOf } from '../journey/evolve.ts';
import type { Observation } from './evidence.ts';
import { held, prolonged } from './hysteresis.ts';
import { failed, passed, skipped, unknown, type Judgement, type Outcome, type Verdict } from './verdict.ts';

/** Every criterion of the stage, judged on what the journey knows at `now`; approvals last, since they rest on the others. */
export function judgeStage(
  stage: StagePlan,
  journey: Journey,
  now: Instant,
  digest: Digest,
  overtime: () => boolean = () => false,
): readonly Verdict[] {
  const context = contextOf(journey, now);
  const judged = new Map<string, Verdict>();
  for (const criterion of stage.criteria)
    if (criterion.kind === 'evidence')
      judged.set(criterion.checkId, judgeInTime(criterion, journey, context, overtime));
  // Only an approval needs to know what it was asked for.
  const asked = approvalCriterion(stage) ? digestOf(journey, [...judged.values()], digest) : '';
  return stage.criteria.map(
    (criterion) => judged.get(criterion.checkId) ?? judgeApproval(criterion as ApprovalCriterion, journey, now, asked),
  );
}

/** A verdict that came too late does not count, whatever it says: it may rest on what was true a while ago. */
function judgeInTime(
  criterion: EvidenceCriterion,
  journey: Journey,
  context: JudgeContext,
  overtime: () => boolean,
): Verdict {
  const verdict = overtime() ? null : judgeOnEvidence(criterion, journey, context);
  return verdict && !overtime() ? verdict : missed(criterion, context.now);
}

const TIMED_OUT = 'validation.timed_out';

const missed = ({ checkId, required }: EvidenceCriterion, now: Instant): Verdict => ({
  ...unknown(TIMED_OUT, 'It was not judged in the time for an evaluation.', {
    distance: 'an evaluation that is done in time',
    changesAt: now + MINUTE,
  }),
  checkId,
  required,
  observedAt: null,
});

export const missedTheTime = ({ code }: Pick<Verdict, 'code'>): boolean => code === TIMED_OUT;

export type Digest = (text: string) => string;

/** What an approval is bound to: the rules, the stage entry, and how every other criterion came out. */
export function digestOf(journey: Journey, others: readonly Verdict[], digest: Digest): string {
  const outcomes = others.map(({ checkId, outcome }) => `${checkId}=${outcome}`).toSorted();
  return digest([journey.configHash, journey.stageEntry, ...outcomes].join('\n'));
}

export const outcomesOf = (verdicts: readonly Verdict[]): { readonly [checkId: string]: Outcome } =>
  Object.fromEntries(verdicts.map(({ checkId, outcome }) => [checkId, outcome]));

export const holds = ({ outcome, required }: Verdict): boolean =>
  !required || outcome === 'passed' || outcome === 'skipped';

/** A compensation that has failed holds nobody back; one that is under way does, since it takes down what a next stage would build. */
export const workDone = (journey: Journey): boolean =>
  journey.units.every(({ status, definition }) => status === 'completed' || (definition && status === 'failed'));

/** The gate opens when the stage's units of work are completed and every required criterion holds. */
export const isOpen = (journey: Journey, verdicts: readonly Verdict[]): boolean =>
  workDone(journey) && verdicts.every(holds);

function contextOf(journey: Journey, now: Instant): JudgeContext {
  const finished = journey.units.flatMap(({ finishedAt, definition }) =>
    finishedAt === null || definition ? [] : [finishedAt],
  );
  let outputs: JudgeContext['outputs'] | undefined;
  return {
    now,
    stageStartedAt: journey.stageStartedAt,
    workFinishedAt: finished.length > 0 ? Math.max(...finished) : null,
    inputs: journey.inputs,
    // Few judges ask for them, and those that do ask for the same.
    get outputs() {
      return (outputs ??= Object.assign({}, ...journey.units.map(outputsOf)) as JudgeContext['outputs']);
    },
  };
}

function judgeOnEvidence(criterion: EvidenceCriterion, journey: Journey, context: JudgeContext): Verdict {
  const sighting = sightingOf(criterion, journey, context);
  const { hysteresis } = criterion;
  if (!hysteresis) return sighting.verdict;
  const streak = prolonged(journey.streaks[criterion.checkId], sighting, context.now);
  return { ...sighting.verdict, ...held(sighting.verdict, streak, hysteresis, context.now) };
}

export type Sighted = { readonly verdict: Verdict; readonly outcome: Outcome; readonly seen: Instant | null };

/** What the evidence says at `now`, whatever it has said before. */
export const judgedNow = (criterion: EvidenceCriterion, journey: Journey, now: Instant): Sighted =>
  sightingOf(criterion, journey, contextOf(journey, now));

function sightingOf(criterion: EvidenceCriterion, journey: Journey, context: JudgeContext): Sighted {
  const known = journey.evidence[criterion.evidenceKind] ?? [];
  const accepted = known.filter(({ origin }) => accepts(criterion.acceptedSources, origin));
  const fresh =
    criterion.scope === 'history' ? accepted : accepted.filter((seen) => counts(seen, criterion, journey, context.now));
  const best = bestBySubject(fresh);
  const judgement =
    best.length === 0 ? whyNothing(criterion, known, accepted, journey, context) : criterion.judge(best, context);
  const times = best.map(({ observedAt }) => observedAt);
  return {
    outcome: judgement.outcome,
    seen: times.length > 0 ? Math.max(...times) : null,
    verdict: {
      ...judgement,
      ...soonest(judgement, criterion, best, context.now),
      checkId: criterion.checkId,
      required: criterion.required,
      observedAt: times.length > 0 ? Math.min(...times) : null,
    },
  };
}

/** `task:run_security_scan` is accepted by itself and by its class `task`. */
export const accepts = (acceptedSources: readonly string[], origin: string): boolean =>
  acceptedSources.some(
    (accepted) => origin.startsWith(accepted) && (origin.length === accepted.length || origin[accepted.length] === ':'),
  );

const ofThisEntry = (seen: Observation, journey: Journey): boolean =>
  seen.stageEntry === journey.stageEntry && seen.observedAt >= journey.stageStartedAt;

const counts = (seen: Observation, { maxAge_ms }: EvidenceCriterion, journey: Journey, now: Instant): boolean =>
  ofThisEntry(seen, journey) && (maxAge_ms === null || now - seen.observedAt <= maxAge_ms);

/** A collector asks the system itself, so its word outranks a task's or a person's; among equals the newest counts. */
function bestBySubject(observations: readonly Observation[]): readonly Observation[] {
  if (observations.length < 2) return observations;
  const best = new Map<string, Observation>();
  for (const seen of observations) {
    const other = best.get(seen.subject);
    if (!other || outranks(seen, other)) best.set(seen.subject, seen);
  }
  return [...best.values()];
}

function outranks(one: Observation, other: Observation): boolean {
  const [a, b] = [isCollected(one), isCollected(other)];
  if (a !== b) return a;
  // Of two of one instant it does not matter which counts, only that it is always the same one.
  return one.observedAt === other.observedAt ? one.origin < other.origin : one.observedAt > other.observedAt;
}

const isCollected = ({ origin }: Observation): boolean => origin.startsWith('collector:');

/** Nothing counts: says why, so that the next step is clear. The judge is still asked where it knows better (scope history). */
function whyNothing(
  criterion: EvidenceCriterion,
  known: readonly Observation[],
  accepted: readonly Observation[],
  journey: Journey,
  context: JudgeContext,
): Judgement {
  const { evidenceKind, acceptedSources } = criterion;
  const nothing = criterion.judge([], context);
  const why = (code: string, message: string, distance: string): Judgement =>
    unknown(code, message, { distance, ...(nothing.target === undefined ? {} : { target: nothing.target }) });
  if (accepted.some((seen) => ofThisEntry(seen, journey)))
    return why(
      'evidence.stale',
      `The ${evidenceKind} evidence is older than ${hours(criterion.maxAge_ms)} h.`,
      `new ${evidenceKind} evidence`,
    );
  if (accepted.length > 0)
    return why(
      'evidence.before_stage_entry',
      `The ${evidenceKind} evidence is from before this stage entry.`,
      `${evidenceKind} evidence observed since the stage was entered`,
    );
  if (known.length > 0)
    return why(
      'evidence.source_not_accepted',
      `There is ${evidenceKind} evidence from ${known.map(({ origin }) => origin).join(', ')}, but only ${acceptedSources.join(', ')} count.`,
      `${evidenceKind} evidence from ${acceptedSources.join(' or ')}`,
    );
  return nothing;
}

const hours = (age_ms: number | null): number => Math.round((age_ms ?? 0) / 3_600_000);

/** When time alone could change the verdict: the judge's own edge, or the first observation growing too old. */
function soonest(
  { changesAt }: Judgement,
  { maxAge_ms, scope }: EvidenceCriterion,
  used: readonly Observation[],
  now: Instant,
): { readonly changesAt?: Instant } {
  const expiries =
    maxAge_ms === null || scope === 'history' ? [] : used.map(({ observedAt }) => observedAt + maxAge_ms + 1);
  const edges = [...expiries, ...(changesAt === undefined ? [] : [changesAt])].filter((edge) => edge > now);
  return edges.length > 0 ? { changesAt: Math.min(...edges) } : {};
}

function judgeApproval(criterion: ApprovalCriterion, journey: Journey, now: Instant, asked: string): Verdict {
  const judgement = approvalJudgement(criterion, journey, now, asked);
  return { ...judgement, checkId: criterion.checkId, required: criterion.required, observedAt: null };
}

function approvalJudgement(criterion: ApprovalCriterion, journey: Journey, now: Instant, asked: string): Judgement {
  const { rule } = criterion;
  if (!rule.needed) return skipped('No approval is asked for here.');
  const approval = journey.approval?.checkId === criterion.checkId ? journey.approval : null;
  const target = rule.minApprovals;
  switch (approval?.status) {
    case undefined:
    case 'void':
      return unknown('approval.not_requested', 'Nobody has been asked yet: the other criteria come first.', { target });
    case 'open':
      return now > (approval?.expiresAt ?? now)
        ? unknown('approval.expired', 'The request for approval has expired.', { target })
        : unknown('approval.pending', `${approval?.votes.length ?? 0} of ${target} approvals given.`, {
            measured: approval?.votes.length ?? 0,
            target,
            distance: `approval by ${rule.approvers.length > 0 ? rule.approvers.join(' or ') : 'an approver'}`,
            ...(approval ? { changesAt: approval.expiresAt + 1 } : {}),
          });
    case 'granted':
      return approval?.digest === asked
        ? passed({
            message: `Approved by ${approval?.votes.join(', ')}.`,
            measured: approval?.votes.length ?? 0,
            target,
          })
        : unknown('approval.stale', 'What was approved has changed since.', { target, distance: 'a new approval' });
    case 'rejected':
      return failed('approval.rejected', {
        message: `Rejected by ${approval?.decidedBy ?? 'an approver'}: ${approval?.reason ?? ''}`,
        measured: 0,
        target,
        distance: 'mend what the rejection names, then ask again',
      });
  }
}

export const approvalCriterion = (stage: StagePlan): ApprovalCriterion | undefined =>
  stage.criteria.find((criterion: Criterion): criterion is ApprovalCriterion => criterion.kind === 'approval');
