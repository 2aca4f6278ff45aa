import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import { isOpen, judgeStage } from '#core/criteria/gate.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Journey } from '#core/journey/journey.ts';
import { hasExit, stageOf, type Plan, type TaskPlan } from '#core/plan.ts';
import { judgeHistory } from '#core/verify/history.ts';
import { HOUR, SECOND } from '#core/time.ts';
import { driveToTheEnd } from '#test/support/engine/drive.ts';
import { folded, playOf, type Play, type Played } from '#test/support/engine/play.ts';
import {
  collapse,
  commandFor,
  history,
  variedDocument,
  worldOf,
  type Step,
} from '#test/support/engine/random-commands.ts';

/** How often something was reached over all runs: a property that is never tried proves nothing. */
const reached = new Map<string, number>();

type Look = { readonly before: Journey | null; readonly after: Journey; readonly refused: boolean };

/** Plays the steps; the looks are what each of them made of the journey. */
function played(steps: readonly Step[]): Play & { readonly looks: readonly Look[] } {
  const play = playOf(variedDocument);
  const looks: Look[] = [];
  for (const step of steps) {
    play.pass(step.pass_ms);
    const before = play.known();
    const answer = play.attempt(commandFor(step, play.plan, before, play.now()), worldOf(step));
    looks.push({ before, after: play.journey(), refused: isRefusal(answer) });
  }
  count(play.log);
  return { ...play, looks };
}

function count(log: readonly Played[]): void {
  for (const { event } of log) {
    const name = event.type === 'stage_entered' ? `${event.kind} to ${event.stage}` : event.type;
    reached.set(name, (reached.get(name) ?? 0) + 1);
  }
}

function breakDown(play: Play): void {
  driveToTheEnd(play);
  play.pass(SECOND);
  play.do({ type: 'record_evidence', observations: [collapse(play.now())] });
  play.pass(13 * HOUR);
  play.do({ type: 'evaluate' });
}

const property = (check: (steps: readonly Step[]) => void): void =>
  fc.assert(fc.property(history(60), check), { numRuns: 300 });

describe('whatever is asked of a journey, in whatever order', () => {
  test('I9: its version is the number of its events, and folding them from nothing gives the same journey', () => {
    property((steps) => {
      const play = played(steps);
      expect(play.journey().version).toBe(play.log.length);
      expect(folded(play.log, play.clientId)).toEqual(play.journey());
    });
  });

  test('I1 I2 I3 I4 I5 I6 I11 I13 I14 I16 I19: verify, which judges it all again, finds nothing', () => {
    property((steps) => {
      const play = played(steps);
      const facts = play.log.map(({ event, at }, index) => {
        const origin = { actor: 'olga', door: 'rest', requestId: `r-${index}`, erased: false };
        return { seq: index + 1, at, event, ...origin };
      });
      const judging = { planOf: () => play.plan, digest: (text: string) => text };
      const { journey, violations } = judgeHistory(play.clientId, facts, judging);
      expect(violations).toEqual([]);
      expect(journey).toEqual(play.journey());
    });
  });

  test('a refusal changes nothing', () => {
    property((steps) => {
      const { looks } = played(steps);
      expect(looks.filter(({ refused, before, after }) => refused && before !== after)).toEqual([]);
    });
  });

  test('stage entries count up by one, and only a journey under way with an exit ahead holds a slot, paused or not', () => {
    property((steps) => {
      const { log, looks, plan } = played(steps);
      const entries = log.flatMap(({ event }) => (event.type === 'stage_entered' ? [event.entry] : []));
      expect(entries).toEqual(entries.map((_, index) => index + 1));
      const wrong = looks.filter(
        ({ after: { holdsSlot, status, stage } }) =>
          holdsSlot !== ((status === 'active' || status === 'paused') && exits(plan, stage)),
      );
      expect(wrong).toEqual([]);
    });
  });

  test('I1 I2: transitions chain, promotions go one stage up, rollbacks down, and completed stages are those below', () => {
    property((steps) => {
      const { log, looks, plan } = played(steps);
      expect(brokenTransitions(log)).toEqual([]);
      const wrong = looks.filter(
        ({ after: { status, stage, completedStages } }) =>
          (status === 'active' || status === 'paused') && completedStages.join() !== below(plan, stage).join(),
      );
      expect(wrong).toEqual([]);
    });
  });

  test('I3: no promotion unless the work was done and every required criterion held just before, at that very time', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      expect(promotionsThroughShutGates(plan, log)).toEqual([]);
    });
  });

  test('I5 I6: a task succeeds once, and only after everything that it depends on', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      expect(resultsOutOfOrder(plan, log)).toEqual([]);
    });
  });

  test('I14: no task has more than 1 + max_retries attempts a generation', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      const beyond = log.filter(
        ({ event }) => 'attempt' in event && event.attempt > 1 + taskIn(plan, event.task_id).retry.maxRetries,
      );
      expect(beyond).toEqual([]);
    });
  });

  test('I4: a stage that asks two people is left only with the word of both, given on the request that the transition names', () => {
    property((steps) => {
      const { log } = played(steps);
      const voters = log.flatMap(({ event }, index) =>
        event.type === 'stage_entered' && event.kind === 'promotion' && event.from === 'pilot'
          ? [votesBefore(log, index, event.approval_id ?? '').join()]
          : [],
      );
      expect(voters).toEqual(voters.map(() => 'dana,erin'));
    });
  });

  test('while a journey is paused nothing begins and nothing follows: only what was under way is recorded', () => {
    property((steps) => {
      const { log } = played(steps);
      expect(begunWhilePaused(log)).toEqual([]);
    });
  });

  test('S61: a shut gate is passed only by two people, of whom neither is an agent, on what both were shown', () => {
    property((steps) => {
      const { log } = played(steps);
      const overridden = log.flatMap(({ event }) =>
        event.type === 'stage_entered' && event.kind === 'override' ? [event.override] : [],
      );
      const wrong = overridden.filter(
        (by) => !by || by.requested_by === by.confirmed_by || [by.requested_by, by.confirmed_by].includes('robot'),
      );
      expect(wrong).toEqual([]);
    });
  });

  test('S62: an automatic rollback follows no rollback, and never twice within its window', () => {
    property((steps) => {
      const play = played(steps);
      // Twice to the end, and twice it breaks down there: the second time people are told, and nothing else happens.
      breakDown(play);
      breakDown(play);
      expect(hastyRollbacks(play.log, play.plan.autoRollback.window_ms)).toEqual([]);
      expect(play.journey()).toMatchObject({ stage: 'production', rollbackRefused: true });
      count(play.log.slice(-1));
    });
  });

  test('S95: a rollback undoes what had succeeded and can be undone, in reverse order, and names the rest', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      expect(wronglyUndone(log, plan)).toEqual([]);
    });
  });

  test('I12: nothing leads into a dead end: good agents and good people always bring it to the last stage', () => {
    property((steps) => {
      const play = played(steps);
      driveToTheEnd(play);
      expect(play.known()).toMatchObject({ status: 'active', stage: 'production' });
    });
  });

  test('all of it has been reached: every kind of event occurred in the histories above', () => {
    const kinds = [
      ['journey_started', 'journey_rolled_back', 'journey_completed', 'input_provided', 'task_dispatched'],
      ['task_waiting_for_breaker', 'task_claimed'],
      ['promotion to pilot', 'promotion to production', 'rollback to sandbox'],
      ['task_waiting_for_input', 'task_succeeded', 'task_attempt_failed', 'unit_completed', 'unit_failed'],
      ['unit_cancelled', 'unit_taken_over', 'tasks_retried', 'evidence_recorded', 'criteria_judged'],
      ['approval_requested', 'approval_decided', 'approval_voided'],
      ['journey_paused', 'journey_resumed', 'override_requested', 'override_confirmed', 'override to pilot'],
      ['compensation_planned', 'criteria_tracked', 'goals_judged', 'criterion_regressed'],
      ['journey_rolled_back_automatically', 'automatic_rollback_refused'],
    ].flat();
    expect(kinds.filter((kind) => (reached.get(kind) ?? 0) < 5)).toEqual([]);
  });
});

const stageIds = ['sandbox', 'pilot', 'trial', 'production'];
const orderOf = (stage: string | null): number => (stage === null ? 0 : stageIds.indexOf(stage) + 1);

const below = (plan: Plan, stage: string): readonly string[] =>
  plan.stages.map(({ id }) => id).filter((id) => orderOf(id) < orderOf(stage));

function exits(plan: Plan, id: string): boolean {
  const stage = stageOf(plan, id);
  return stage !== undefined && hasExit(plan, stage);
}

function taskIn(plan: Plan, id: string): TaskPlan {
  const task = plan.stages
    .flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks))
    .find((one) => one.id === id);
  if (!task) throw new Error(`No task is called ${id}.`);
  return task;
}

function brokenTransitions(log: readonly Played[]): readonly string[] {
  const broken: string[] = [];
  let at: string | null = null;
  for (const { event } of log) {
    if (event.type === 'journey_started') at = null;
    if (event.type !== 'stage_entered') continue;
    const step = orderOf(event.stage) - orderOf(event.from);
    const fits = event.from === at && (event.kind === 'rollback' ? step < 0 : step === 1);
    if (!fits) broken.push(`${event.kind} ${event.from} -> ${event.stage} while in ${at}`);
    at = event.stage;
  }
  return broken;
}

function promotionsThroughShutGates(plan: Plan, log: readonly Played[]): readonly string[] {
  const through: string[] = [];
  let journey: Journey | null = null;
  for (const { event, at } of log) {
    const stage = journey && stageOf(plan, journey.stage);
    const promotes = event.type === 'stage_entered' && event.kind === 'promotion';
    if (
      promotes &&
      journey &&
      stage &&
      !isOpen(
        journey,
        judgeStage(stage, journey, at, (text) => text),
      )
    )
      through.push(`${stage.id} at ${at}`);
    journey = evolve(journey, event, 'acme', at);
  }
  return through;
}

function resultsOutOfOrder(plan: Plan, log: readonly Played[]): readonly string[] {
  const wrong: string[] = [];
  const done = new Set<string>();
  for (const { event } of log) {
    if (event.type !== 'task_succeeded') continue;
    const name = `${event.work_id}/${event.task_id}`;
    if (done.has(name)) wrong.push(`${name} succeeded twice`);
    for (const earlier of taskIn(plan, event.task_id).dependsOn)
      if (!done.has(`${event.work_id}/${earlier}`)) wrong.push(`${name} before ${earlier}`);
    done.add(name);
  }
  return wrong;
}

function begunWhilePaused(log: readonly Played[]): readonly string[] {
  const begun: string[] = [];
  let paused = false;
  for (const { event } of log) {
    if (event.type === 'journey_paused') paused = true;
    if (event.type === 'journey_resumed' || event.type === 'journey_completed') paused = false;
    const recorded =
      /^(journey_paused|input_provided|evidence_recorded|task_succeeded|task_attempt_failed|unit_(completed|failed|cancelled)|approval_voided)$/;
    if (paused && !recorded.test(event.type)) begun.push(event.type);
  }
  return begun;
}

function hastyRollbacks(log: readonly Played[], window_ms: number): readonly string[] {
  const hasty: string[] = [];
  let entered = 'start';
  let last = Number.NEGATIVE_INFINITY;
  for (const { event, at } of log) {
    if (event.type === 'journey_started') last = Number.NEGATIVE_INFINITY;
    if (event.type === 'stage_entered') entered = event.kind;
    if (event.type !== 'journey_rolled_back_automatically') continue;
    if (entered === 'rollback') hasty.push(`a rollback of a rollback at ${at}`);
    if (at - last < window_ms) hasty.push(`the second within the window at ${at}`);
    if (event.verdicts.some(({ outcome }) => outcome !== 'failed')) hasty.push(`without a failure at ${at}`);
    last = at;
  }
  return hasty;
}

function wronglyUndone(log: readonly Played[], plan: Plan): readonly string[] {
  const wrong: string[] = [];
  // What succeeded in this run and was not undone, by stage and task.
  let done = new Set<string>();
  let leaving: string | null = null;
  for (const { event } of log) {
    if (event.type === 'journey_started') done = new Set();
    if (event.type === 'task_succeeded') done.add(`${event.work_id.split(':')[1]} ${event.task_id}`);
    if (event.type === 'stage_entered') leaving = event.kind === 'rollback' ? event.from : null;
    if (event.type !== 'compensation_planned') continue;
    if (leaving === null) wrong.push('a compensation without a rollback');
    for (const { undoes, intent } of event.steps) {
      if (taskIn(plan, undoes.task_id).compensateIntent !== intent) wrong.push(`${undoes.task_id} by ${intent}`);
      if (![...done].some((name) => name.endsWith(` ${undoes.task_id}`)))
        wrong.push(`${undoes.task_id} was never done`);
    }
    for (const { task_id } of event.not_undone)
      if (taskIn(plan, task_id).compensateIntent !== null) wrong.push(`${task_id} can be undone`);
    const orders = event.steps.map(({ undoes }) => orderOf(undoes.stage));
    if (orders.some((order, index) => order > (orders[index - 1] ?? order))) wrong.push('not in reverse order');
  }
  return wrong;
}

/** Who had approved this request before event number `until`. */
function votesBefore(log: readonly Played[], until: number, approvalId: string): readonly string[] {
  return log
    .slice(0, until)
    .flatMap(({ event }) =>
      event.type === 'approval_decided' && event.approval_id === approvalId && event.decision === 'approve'
        ? [event.by]
        : [],
    )
    .toSorted();
}
