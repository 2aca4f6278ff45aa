import { refuse, type Refusal } from '../errors.ts';
import { hasExit, type StagePlan } from '../plan.ts';
import { DAY } from '../time.ts';
import { digestOf, holds, isOpen, outcomesOf, workDone } from '../criteria/gate.ts';
import type { Verdict } from '../criteria/verdict.ts';
import type { ConfirmOverride, RequestOverride } from './commands.ts';
import { presentPlan, presentStage, record, type Draft } from './draft.ts';
import type { Journey, Override } from './journey.ts';
import { stopWork } from './roll-back.ts';
import { gaveUpLate, judgeAgain, promote } from './settle.ts';

/** Long enough for a colleague to look at it, short enough that nobody passes a gate on last week's word. */
export const OVERRIDE_EXPIRES_AFTER_MS = DAY;

/** One person wants the journey to pass a gate that is shut: recorded, and another person has to agree. */
export function requestOverride(draft: Draft, command: RequestOverride): Refusal | undefined {
  const stage = presentStage(draft);
  const refusal = onlyPeople(command.by) ?? noExit(draft, stage) ?? movedOn(draft.journey, command.entry);
  if (refusal) return refusal;
  const verdicts = judgeAgain(draft, stage);
  if (isOpen(draft.journey, verdicts)) return void promote(draft, stage, verdicts, 'promotion', command.reason);
  const digest = shownDigest(draft, verdicts);
  const { override, clientId, stageEntry, version } = draft.journey;
  if (override && override.digest === digest && draft.world.now <= override.expiresAt)
    return refuse(
      'override.pending',
      `${override.requestedBy} has asked for this already; it waits for a second person.`,
      `Somebody other than ${override.requestedBy} confirms it: confirm-override --override-id=${override.id}`,
      { override_id: override.id },
    );
  record(draft, {
    type: 'override_requested',
    override_id: `ovr-${clientId}:${stageEntry}:${version + 1}`,
    by: command.by.id,
    reason: command.reason,
    digest,
    missing: missingFor(draft.journey, verdicts),
    outcomes: outcomesOf(verdicts),
    expires_at: draft.world.now + OVERRIDE_EXPIRES_AFTER_MS,
  });
  return undefined;
}

/** A second person agrees: the journey passes the gate, and what was still under way in the stage is cancelled. */
export function confirmOverride(draft: Draft, { overrideId, by }: ConfirmOverride): Refusal | undefined {
  const { override } = draft.journey;
  if (!override || override.id !== overrideId)
    return refuse(
      'override.unknown',
      `${overrideId} is not a request that ${draft.journey.clientId} waits with.`,
      'status shows the request that waits; promote --override asks for one.',
    );
  const stage = presentStage(draft);
  const verdicts = judgeAgain(draft, stage);
  const refusal = onlyPeople(by) ?? notTheSame(override, by.id) ?? outlived(draft, override, verdicts);
  if (refusal) return refusal;
  // Before anything is cancelled: what is given up may be confirmed again.
  if (gaveUpLate(draft, stage, 'override')) return undefined;
  record(draft, { type: 'override_confirmed', override_id: override.id, by: by.id });
  stopWork(draft, 'overridden');
  promote(draft, stage, verdicts, 'override', override.reason, {
    override_id: override.id,
    requested_by: override.requestedBy,
    confirmed_by: by.id,
  });
  return undefined;
}

/** What keeps the gate shut: the work, and the criteria that do not hold. */
export const missingFor = (journey: Journey, verdicts: readonly Verdict[]): readonly string[] => [
  ...(workDone(journey) ? [] : ['work']),
  ...verdicts.filter((one) => !holds(one)).map(({ checkId }) => checkId),
];

export const noExit = (draft: Draft, stage: StagePlan): Refusal | undefined =>
  hasExit(presentPlan(draft), stage)
    ? undefined
    : refuse('stage.final', `${stage.id} is the last stage.`, 'complete ends a journey on purpose.');

/** Who looked at another stage entry must not decide on this one. */
export const movedOn = ({ clientId, stage, stageEntry }: Journey, entry: number | undefined): Refusal | undefined =>
  entry === undefined || entry === stageEntry
    ? undefined
    : refuse(
        'journey.moved',
        `${clientId} has moved on meanwhile: it is in ${stage} now.`,
        'Look at it again (status), and decide anew.',
        { stage },
      );

const onlyPeople = ({ id, kind }: RequestOverride['by']): Refusal | undefined =>
  kind === 'user'
    ? undefined
    : refuse(
        'override.by_agent',
        `${id} is of kind ${kind}: only people pass a shut gate.`,
        'Ask a person with the role operator.',
      );

const notTheSame = ({ requestedBy, id }: Override, by: string): Refusal | undefined =>
  by === requestedBy
    ? refuse(
        'override.by_requester',
        `${by} asked for it, and a second person has to agree.`,
        `Somebody else confirms it: confirm-override --override-id=${id}`,
      )
    : undefined;

/** The work counts as an outcome of its own here: it belongs to what was shown. */
const shownDigest = ({ journey, world }: Draft, verdicts: readonly Verdict[]): string =>
  world.digest(`${digestOf(journey, verdicts, world.digest)}\n${journey.units.map(({ status }) => status).join()}`);

function outlived(draft: Draft, override: Override, verdicts: readonly Verdict[]): Refusal | undefined {
  if (draft.world.now > override.expiresAt)
    return refuse(
      'override.expired',
      `The request ${override.id} has expired.`,
      'promote --override asks again, on what is so now.',
    );
  if (shownDigest(draft, verdicts) === override.digest) return undefined;
  const missing = missingFor(draft.journey, verdicts);
  return refuse(
    'override.stale',
    `What was to be overridden has changed: missing was ${said(override.missing)}, and is now ${said(missing)}.`,
    'promote --override asks again, on what is so now.',
    { before: override.missing, now: missing },
  );
}

const said = (missing: readonly string[]): string => (missing.length > 0 ? missing.join(', ') : 'nothing');
