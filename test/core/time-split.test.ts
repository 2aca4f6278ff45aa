import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journey } from '#core/journey/journey.ts';
import { parties, pausedTime, timeSplit, waitsAfter, waitsFrom, type Waits } from '#core/journey/time-split.ts';
import { weekdays_ms } from '#core/calendar.ts';
import { DAY, HOUR } from '#core/time.ts';
import {
  actorOf,
  dana,
  demoApproval,
  goodSearch,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  {
    id: 'sandbox',
    tasks: [
      { id: 'build', intent: 'build_it' },
      { id: 'connect', after: ['build'], input: { users: { type: 'array', required: true } }, intent: 'build_it' },
    ],
    criteria: [searchQuality(), demoApproval()],
  },
  { id: 'production' },
]);
const atAgents = { route: () => 'a2a' as const };
const now = (play: Play) => timeSplit(play.journey(), play.now());
const done = (play: Play, taskId: string) =>
  play.do({ type: 'task_result', ...taskOf(play, taskId), outcome: { type: 'succeeded', output: {} } }, atAgents);

describe('S70: whom a stage has waited for', () => {
  test('an agent while it works, the client for its input, us for evidence, the approver for a decision', () => {
    const play = playOf(document);
    play.do(start(), atAgents);
    play.pass(2 * HOUR);
    expect(now(play), 'the agent builds').toMatchObject({ agent: 2 * HOUR });
    done(play, 'build');
    play.pass(3 * DAY);
    expect(now(play), 'the client owes the users').toMatchObject({ client: 3 * DAY });
    play.do({ type: 'provide_input', inputs: { users: ['ann'] } }, atAgents);
    play.pass(HOUR);
    done(play, 'connect');
    play.pass(DAY);
    expect(now(play), 'nobody has measured the search').toMatchObject({ us: DAY });
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    play.pass(5 * HOUR);
    const approval = play.journey().approval?.id ?? '';
    const [, entered] = play.do({
      type: 'decide_approval',
      approvalId: approval,
      decision: 'approve',
      reason: null,
      by: actorOf(dana),
    });
    expect(entered, 'kept with the transition').toMatchObject({
      type: 'stage_entered',
      time_split_ms: { client: 3 * DAY, us: DAY, agent: 3 * HOUR, approver: 5 * HOUR, paused: 0 },
    });
    expect(now(play), 'the next stage begins with nothing').toEqual({
      client: 0,
      us: 0,
      agent: 0,
      approver: 0,
      paused: 0,
    });
  });

  test('the client first, where an agent works beside it: nothing but the input ends that wait', () => {
    const beside = smallDocument([
      {
        id: 'sandbox',
        tasks: [{ id: 'one' }, { id: 'two', input: { users: { type: 'array', required: true } } }],
      },
      { id: 'production' },
    ]);
    const play = playOf(beside);
    play.do(start(), atAgents);
    play.pass(HOUR);
    expect(now(play)).toMatchObject({ client: HOUR, agent: 0 });
  });

  test('work that waits for somebody to claim it waits for agents; what runs here, or waits for a retry, is ours', () => {
    const pulled = playOf(document);
    pulled.do(start(), { route: () => 'pull' });
    pulled.pass(HOUR);
    expect(now(pulled)).toMatchObject({ agent: HOUR });
    const here = playOf(document);
    here.do(start());
    here.pass(HOUR);
    expect(now(here)).toMatchObject({ us: HOUR });
    succeed(here, 'build', {});
  });

  test('a completed journey waits for nobody, and its time stands still', () => {
    const play = playOf(document);
    play.do(start());
    play.pass(HOUR);
    const [, completed] = play.do({ type: 'complete', reason: 'over' });
    expect(completed).toMatchObject({ type: 'journey_completed', time_split_ms: { us: HOUR } });
    play.pass(DAY);
    expect(now(play)).toMatchObject({ us: HOUR });
    expect(play.journey().waits.on).toBeNull();
  });
});

type Waiting = Pick<Journey, 'status' | 'units' | 'approval'>;
const idle: Waiting = { status: 'active', units: [], approval: null };
const states: readonly Waiting[] = [idle, { ...idle, status: 'paused' }, { ...idle, status: 'active' }];

const stepsOf = (least_ms: number) =>
  fc.array(fc.record({ state: fc.constantFrom(...states), pass_ms: fc.integer({ min: least_ms, max: 4 * DAY }) }), {
    maxLength: 30,
  });
const day = fc.nat(20 * 365).map((n) => n * DAY);

describe('the parts', () => {
  test('S70: add up exactly, also where replicas’ clocks disagree by a little', () => {
    fc.assert(
      fc.property(day, stepsOf(-2_000), (from, steps) => {
        let waits: Waits = waitsFrom(from);
        let at = from;
        for (const { state, pass_ms } of steps) waits = waitsAfter(waits, state, (at += pass_ms));
        const until = Math.max(at, waits.since) + HOUR;
        const split = timeSplit({ waits }, until);
        expect(parties.reduce((sum, party) => sum + split[party], 0)).toBe(until - from);
        expect(parties.filter((party) => split[party] < 0)).toEqual([]);
      }),
    );
  });

  test('S70: the paused time is known in all and by weekdays, however often it was paused', () => {
    fc.assert(
      fc.property(day, stepsOf(0), (from, steps) => {
        let waits: Waits = waitsFrom(from);
        let [at, all_ms, weekdays] = [from, 0, 0];
        for (const { state, pass_ms } of [...steps, { state: idle, pass_ms: DAY }]) {
          if (waits.on === 'paused') [all_ms, weekdays] = [all_ms + pass_ms, weekdays + weekdays_ms(at, at + pass_ms)];
          at += pass_ms;
          expect(pausedTime(waits, at), 'also while it is paused').toEqual({ all_ms, weekdays_ms: weekdays });
          waits = waitsAfter(waits, state, at);
        }
      }),
    );
  });
});
