import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import { isOpen, judgeStage } from '#core/criteria/gate.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Journey } from '#core/journey/journey.ts';
import { hasExit, stageOf, type Plan } from '#core/plan.ts';
import { driveToTheEnd } from '#test/support/engine/drive.ts';
import { folded, playOf, type Play, type Played } from '#test/support/engine/play.ts';
import { commandFor, history, variedDocument, worldOf, type Step } from '#test/support/engine/random-commands.ts';

const runs = { numRuns: 300 };
/** How often something was reached over all runs: a property that is never tried proves nothing. */
const reached = new Map<string, number>();

function played(steps: readonly Step[], each: (play: Play, before: Journey | null) => void = () => undefined): Play {
  const play = playOf(variedDocument);
  for (const step of steps) {
    play.pass(step.pass_ms);
    const before = play.known();
    const answer = play.attempt(commandFor(step, play.plan, before, play.now()), worldOf(step));
    if (isRefusal(answer)) expect(play.known()).toBe(before);
    each(play, before);
  }
  for (const { event } of play.log) {
    const name = event.type === 'stage_entered' ? `${event.kind} to ${event.stage}` : event.type;
    reached.set(name, (reached.get(name) ?? 0) + 1);
  }
  return play;
}

const property = (check: (steps: readonly Step[]) => void) => fc.assert(fc.property(history(60), check), runs);

describe('whatever is asked of a journey, in whatever order', () => {
  test('I9: its version is the number of its events, and folding them from nothing gives the same journey', () => {
    property((steps) => {
      const play = played(steps);
      expect(play.journey().version).toBe(play.log.length);
      expect(folded(play.log, play.clientId)).toEqual(play.journey());
    });
  });

  test('stage entries count up by one and never back, and only an active journey with an exit ahead holds a slot', () => {
    property((steps) => {
      const play = played(steps, ({ plan, journey }, before) => {
        const { stageEntry, status, stage, holdsSlot } = journey();
        expect(stageEntry).toBeGreaterThanOrEqual(before?.stageEntry ?? 0);
        expect(holdsSlot).toBe(status === 'active' && exits(plan, stage));
      });
      const entries = play.log.flatMap(({ event }) => (event.type === 'stage_entered' ? [event.entry] : []));
      expect(entries).toEqual(entries.map((_, index) => index + 1));
    });
  });

  test('I1 I2: transitions chain, promotions go one stage up, rollbacks down, and completed stages are those below', () => {
    property((steps) => {
      let at: string | null = null;
      for (const { event } of played(steps, ({ plan, journey }) => below(plan, journey())).log) {
        if (event.type === 'journey_started') at = null;
        if (event.type !== 'stage_entered') continue;
        expect(event.from).toBe(at);
        const [from, to] = [orderOf(event.from), orderOf(event.stage)];
        if (event.kind === 'rollback') expect(to).toBeLessThan(from);
        else expect(to).toBe(from + 1);
        at = event.stage;
      }
    });
  });

  test('I3: no promotion unless the work was done and every required criterion held just before, at that very time', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      let journey: Journey | null = null;
      for (const { event, at } of log) {
        if (event.type === 'stage_entered' && event.kind === 'promotion' && journey) {
          const stage = stageOf(plan, journey.stage);
          expect(stage && isOpen(journey, judgeStage(stage, journey, at, (text) => text))).toBe(true);
        }
        journey = evolve(journey, event, 'acme', at);
      }
    });
  });

  test('I5 I6: a task succeeds once, and only after everything that it depends on', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      const done = new Set<string>();
      for (const { event } of log) {
        if (event.type !== 'task_succeeded') continue;
        const name = `${event.work_id}/${event.task_id}`;
        expect(done.has(name)).toBe(false);
        for (const before of dependenciesOf(plan, event.task_id)) expect(done).toContain(`${event.work_id}/${before}`);
        done.add(name);
      }
    });
  });

  test('I14: no task has more than 1 + max_retries attempts a generation', () => {
    property((steps) => {
      const { log, plan } = played(steps);
      for (const { event } of log)
        if (event.type === 'task_dispatched' || event.type === 'task_attempt_failed' || event.type === 'task_succeeded')
          expect(event.attempt).toBeLessThanOrEqual(1 + taskIn(plan, event.task_id).retry.maxRetries);
    });
  });

  test('I4: a stage that asks two people is left only with the word of both, given in this entry and not withdrawn', () => {
    property((steps) => {
      const { log } = played(steps);
      for (const [index, { event }] of log.entries())
        if (event.type === 'stage_entered' && event.kind === 'promotion' && event.from === 'pilot')
          expect(votesBefore(log, index, event.approval_id ?? '')).toEqual(['dana', 'erin']);
    });
  });

  test('I12: nothing leads into a dead end: good agents and good people always bring it to the last stage', () => {
    property((steps) => driveToTheEnd(played(steps)));
  });

  test('all of it has been reached: every kind of event occurred in the histories above', () => {
    const kinds = [
      ['journey_started', 'journey_rolled_back', 'journey_completed', 'input_provided', 'task_dispatched'],
      ['promotion to pilot', 'promotion to production', 'rollback to sandbox'],
      ['task_waiting_for_input', 'task_succeeded', 'task_attempt_failed', 'unit_completed', 'unit_failed', 'unit_cancelled'],
      ['unit_taken_over', 'tasks_retried', 'evidence_recorded', 'criteria_judged'],
      ['approval_requested', 'approval_decided', 'approval_voided'],
    ].flat();
    for (const kind of kinds) expect(reached.get(kind) ?? 0, kind).toBeGreaterThan(5);
  });
});

const stageIds = ['sandbox', 'pilot', 'trial', 'production'];
const orderOf = (stage: string | null): number => (stage === null ? 0 : stageIds.indexOf(stage) + 1);

function exits(plan: Plan, id: string): boolean {
  const stage = stageOf(plan, id);
  return stage !== undefined && hasExit(plan, stage);
}

function below(plan: Plan, { status, stage, completedStages }: Journey): void {
  if (status === 'active')
    expect(completedStages).toEqual(plan.stages.filter(({ id }) => orderOf(id) < orderOf(stage)).map(({ id }) => id));
}

function taskIn(plan: Plan, id: string) {
  const task = plan.stages.flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks)).find((one) => one.id === id);
  if (!task) throw new Error(`No task is called ${id}.`);
  return task;
}
const dependenciesOf = (plan: Plan, id: string): readonly string[] => taskIn(plan, id).dependsOn;

/** Who had approved this request before event number `until`. */
function votesBefore(log: readonly Played[], until: number, approvalId: string): readonly string[] {
  return log
    .slice(0, until)
    .flatMap(({ event }) =>
      event.type === 'approval_decided' && event.approval_id === approvalId && event.decision === 'approve' ? [event.by] : [],
    )
    .toSorted();
}
