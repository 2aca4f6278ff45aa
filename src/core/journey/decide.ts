import { refuse, type Refusal } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../plan.ts';
import { SECOND } from '../time.ts';
import { isOpen } from '../criteria/gate.ts';
import { fits } from '../work/check.ts';
import { decideApproval, requestApproval } from './approve.ts';
import type { Command, NewObservation, Promote, Start } from './commands.ts';
import { decided, draftOf, presentPlan, presentStage, record, type Decision, type Draft, type World } from './draft.ts';
import { erase } from './erase.ts';
import { enterStage } from './enter-stage.ts';
import { evolve } from './evolve.ts';
import { answerTask, continueTask, interruptTask } from './interrupt.ts';
import type { Journey } from './journey.ts';
import { confirmOverride, missingFor, movedOn, noExit, requestOverride } from './override.ts';
import { notNow, pause, resume } from './pause.ts';
import { rollBack, stopWork } from './roll-back.ts';
import { judge, judgeAgain, promote, settle } from './settle.ts';
import { claimTask } from './claim.ts';
import { timeOutUnit } from './time-out-unit.ts';
import { timeSplit } from './time-split.ts';
import { beginAttempt, resumeWaiting, retryTasks, takeOver, taskResult } from './work.ts';

/** What follows when `command` meets the journey of `clientId`: the facts to record, or why there are none. Pure. */
export function decide(world: World, clientId: string, journey: Journey | null, command: Command): Decision {
  if (command.type === 'start') return start(world, clientId, journey, command);
  if (!journey) return unknownJourney(clientId);
  if (command.type === 'admit') return admit(world, journey);

  const draft = draftOf(world, journey);
  const refusal = notNow(journey, command) ?? follow(draft, command);
  return refusal ?? decided(draft);
}

const unknownJourney = (clientId: string): Refusal =>
  refuse('journey.unknown', `No journey of ${clientId} is known.`, 'start begins one; list shows all.');

function follow(draft: Draft, command: Exclude<Command, Start | { type: 'admit' }>): Refusal | undefined {
  switch (command.type) {
    case 'evaluate':
      return void settle(draft);
    case 'judge':
      return void judge(draft);
    case 'promote':
      return promoteByHand(draft, command);
    case 'request_override':
      return requestOverride(draft, command);
    case 'confirm_override':
      return confirmOverride(draft, command);
    case 'pause':
      return pause(draft, command.reason);
    case 'resume':
      return resume(draft, command.reason);
    case 'roll_back':
      return rollBack(draft, command);
    case 'complete':
      return complete(draft, command.reason);
    case 'provide_input':
      return provideInput(draft, command.inputs);
    case 'task_result':
      return taskResult(draft, command);
    case 'begin_attempt':
      return beginAttempt(draft, command);
    case 'claim_task':
      return claimTask(draft, command);
    case 'interrupt_task':
      return interruptTask(draft, command);
    case 'continue_task':
      return continueTask(draft, command);
    case 'answer_task':
      return answerTask(draft, command);
    case 'time_out_unit':
      return timeOutUnit(draft, command.workId);
    case 'take_over':
      return takeOver(draft, command.workId, command.from);
    case 'retry_tasks':
      return retryTasks(draft, command.workId);
    case 'record_evidence':
      return recordEvidence(draft, command.observations);
    case 'request_approval':
      return requestApproval(draft);
    case 'decide_approval':
      return decideApproval(draft, command);
    case 'give_up_delivery':
      return void record(draft, {
        type: 'delivery_given_up',
        delivery_id: command.deliveryId,
        destination: command.destination,
        message_type: command.messageType,
        problem: command.problem,
      });
    case 'erase':
      return erase(draft, command);
  }
}

function start(world: World, clientId: string, before: Journey | null, command: Start): Decision {
  if (before && before.status !== 'completed')
    return refuse(
      'journey.exists',
      `${clientId} has a journey already: it is in ${before.stage}, ${before.status}.`,
      'status shows it; a completed client may start again.',
      {
        stage: before.stage,
        status: before.status,
      },
    );
  const misfit = misfits(world.active, command.inputs);
  if (misfit) return misfit;
  const [first] = world.active.stages;
  if (!first) throw new Error(`Config ${world.active.hash} has no stages.`);
  const started = {
    type: 'journey_started',
    run: (before?.run ?? 0) + 1,
    stage: first.id,
    config_hash: world.active.hash,
    inputs: command.inputs,
    metadata: command.metadata,
    started_by: command.by,
  } as const;
  const draft: Draft = {
    world,
    journey: evolve(before, started, clientId, world.now),
    events: [started],
    lookAt: null,
  };
  if (world.mayAdmit) enter(draft);
  return decided(draft);
}

function admit(world: World, journey: Journey): Decision {
  if (journey.status !== 'queued')
    return refuse('journey.not_active', `${journey.clientId} is ${journey.status}, not queued.`);
  const draft = draftOf(world, journey);
  if (world.mayAdmit) enter(draft);
  return decided(draft);
}

function enter(draft: Draft): void {
  const plan = draft.world.active;
  const [first] = plan.stages;
  if (!first) throw new Error(`Config ${plan.hash} has no stages.`);
  enterStage(draft, plan, first, { kind: 'start', from: null, reason: 'The journey begins.', completedStages: [] });
}

function promoteByHand(draft: Draft, { reason, entry }: Promote): Refusal | undefined {
  const stage = presentStage(draft);
  const refusal = noExit(draft, stage) ?? movedOn(draft.journey, entry);
  if (refusal) return refusal;
  const verdicts = judgeAgain(draft, stage);
  if (!isOpen(draft.journey, verdicts)) {
    const missing = missingFor(draft.journey, verdicts);
    return refuse(
      'gate.shut',
      `The gate of ${stage.id} is shut; missing: ${missing.join(', ')}.`,
      'validate-exit shows what each criterion lacks; promote --override asks a second person to pass it all the same.',
      { missing },
    );
  }
  return void promote(draft, stage, verdicts, 'promotion', reason);
}

function complete(draft: Draft, reason: string): undefined {
  stopWork(draft, 'completed');
  const { journey, world } = draft;
  record(draft, {
    type: 'journey_completed',
    reason,
    ...(journey.stageEntry === 0 ? {} : { time_split_ms: timeSplit(journey, world.now) }),
  });
}

function provideInput(draft: Draft, inputs: JsonObject): Refusal | undefined {
  const misfit = misfits(draft.journey.status === 'queued' ? draft.world.active : presentPlan(draft), inputs);
  if (misfit) return misfit;
  record(draft, { type: 'input_provided', inputs });
  resumeWaiting(draft);
  return undefined;
}

/** Inputs of the wrong type are refused when they are given, not days later when a task meets them. */
function misfits(plan: Plan, inputs: JsonObject): Refusal | undefined {
  const tasks = plan.stages.flatMap(({ templates }) => templates.flatMap((template) => template.tasks));
  for (const { id, input } of tasks)
    for (const [name, { type }] of Object.entries(input)) {
      const value = inputs[name];
      if (value !== undefined && !fits(value, type))
        return refuse(
          'task.input_invalid',
          `The input ${name} is ${JSON.stringify(value)}; ${id} needs it as ${type}.`,
          `Give ${name} as ${type}.`,
          { input: name, type },
        );
    }
  return undefined;
}

/** How far ahead of our clock a source's clock may be. */
const CLOCK_TOLERANCE_MS = 60 * SECOND;

function recordEvidence(draft: Draft, observations: readonly NewObservation[]): Refusal | undefined {
  const { journey, world } = draft;
  const ahead = observations.find(({ observedAt }) => observedAt > world.now + CLOCK_TOLERANCE_MS);
  if (ahead)
    return refuse(
      'evidence.from_future',
      `The ${ahead.kind} evidence claims to be from ${new Date(ahead.observedAt).toISOString()}; it is ${new Date(world.now).toISOString()}.`,
      'Give the time at which it was observed; clocks may differ by 60 seconds.',
    );
  const ancient = observations.find(({ observedAt }) => !(observedAt >= 0));
  if (ancient)
    return refuse(
      'evidence.value_invalid',
      `The ${ancient.kind} evidence claims to be from before 1970.`,
      'Give the time at which it was observed.',
    );
  record(draft, {
    type: 'evidence_recorded',
    observations: observations.map((observation) => ({ ...observation, stageEntry: journey.stageEntry })),
  });
  settle(draft);
  return undefined;
}
