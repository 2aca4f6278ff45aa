import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import { isOpen, judgeStage } from '#core/criteria/gate.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Journey } from '#core/journey/journey.ts';
import { hasExit, stageOf, type Plan } from '#core/plan.ts';
import { judgeHistory } from '#core/verify/history.ts';
import { HOUR, SECOND } from '#core/time.ts';
import {
  begunWhilePaused,
  hastyRollbacks,
  orderOf,
  splitsThatDoNotAddUp,
  taskIn,
  wronglyUndone,
} from '#test/core/history-rules.ts';
import { driveToTheEnd } from '#test/support/engine/drive.ts';
import { folded, playOf, type Play, type Played } from '#test/support/engine/play.ts';
import {
  collapse,
  commandFor,
  history,
  lateWorldOf,
  variedDocument,
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
    const answer = play.attempt(commandFor(step, play.plan, before, play.now()), lateWorldOf(step, play.now()));
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

  test('S70: the parts of the time split add up to the time since the stage was entered, and none is ever taken back', () => {
    property((steps) => {
      const { log, clientId } = played(steps);
      expect(splitsThatDoNotAddUp(log, clientId)).toEqual([]);
    });
  });

  test('S70: a duration is at risk once and breached once in a stage entry, in this order', () => {
    property((steps) => {
      const { log } = played(steps);
      const said = new Map<number, string[]>();
      for (const { event } of log)
        if (event.type === 'stage_duration_at_risk' || event.type === 'stage_duration_breached')
          said.set(event.entry, [...(said.get(event.entry) ?? []), event.type]);
      const inOrder = ['stage_duration_at_risk', 'stage_duration_breached'];
      expect([...said.values()].filter((types) => types.some((type, index) => type !== inOrder[index]))).toEqual([]);
    });
  });

  test('S75: nobody is reminded of what is decided or void, nor more often than the rule says', () => {
    property((steps) => {
      const { log } = played(steps);
      const open = new Map<string, number>();
      const wrong: string[] = [];
      for (const { event } of log) {
        if (event.type === 'approval_requested') open.set(event.approval_id, 0);
        if (event.type === 'approval_voided' || (event.type === 'approval_decided' && event.status !== 'open'))
          open.delete(event.approval_id);
        if (event.type !== 'approval_reminded') continue;
        const before = open.get(event.approval_id);
        if (before !== 0 || event.reminder !== 1) wrong.push(`${event.approval_id}: ${before} -> ${event.reminder}`);
        open.set(event.approval_id, event.reminder);
      }
      expect(wrong).toEqual([]);
    });
  });

  test('all of it has been reached: every kind of event occurred in the histories above', () => {
    const kinds = [
      ['journey_started', 'journey_rolled_back', 'journey_completed', 'input_provided', 'task_dispatched'],
      ['task_waiting_for_breaker', 'task_claimed'],
      ['promotion to pilot', 'promotion to production', 'rollback to sandbox'],
      ['task_waiting_for_input', 'task_succeeded', 'task_attempt_failed', 'unit_completed', 'unit_failed'],
      ['unit_cancelled', 'unit_taken_over', 'tasks_retried', 'evidence_recorded', 'criteria_judged'],
      ['journey_paused', 'journey_resumed', 'override_requested', 'override_confirmed', 'override to pilot'],
      ['compensation_planned', 'criteria_tracked', 'goals_judged', 'criterion_regressed'],
      ['journey_rolled_back_automatically', 'automatic_rollback_refused'],
      ['approval_requested', 'approval_decided', 'approval_voided', 'approval_reminded'],
      ['stage_duration_at_risk', 'stage_duration_breached', 'stage_transition_timed_out'],
      ['exit_criteria_validation_timed_out', 'rollback_initiation_timed_out', 'delivery_given_up'],
    ].flat();
    expect(kinds.filter((kind) => (reached.get(kind) ?? 0) === 0)).toEqual([]);
  });
});

const below = (plan: Plan, stage: string): readonly string[] =>
  plan.stages.map(({ id }) => id).filter((id) => orderOf(id) < orderOf(stage));

function exits(plan: Plan, id: string): boolean {
  const stage = stageOf(plan, id);
  return stage !== undefined && hasExit(plan, stage);
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
    if (event.type !== 'task_succeeded' || event.work_id.endsWith(':_compensation')) continue;
    const name = `${event.work_id}/${event.task_id}`;
    if (done.has(name)) wrong.push(`${name} succeeded twice`);
    for (const earlier of taskIn(plan, event.task_id).dependsOn)
      if (!done.has(`${event.work_id}/${earlier}`)) wrong.push(`${name} before ${earlier}`);
    done.add(name);
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
