import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import { judgeStage } from '#core/criteria/gate.ts';
import type { Verdict } from '#core/criteria/verdict.ts';
import { nextChange } from '#core/journey/next-look.ts';
import { stageOf } from '#core/plan.ts';
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
import { playOf, start, type Play } from '#test/support/engine/play.ts';

type Case = readonly [validator: string, kind: string, subject: string, value: Json, parameters: JsonObject];
/** Every validator that reads evidence, with evidence that passes and an age that is its own. */
const cases: readonly Case[] = [
  ['SearchQualityValidator', 'search_quality', '-', goodSearch, { min_precision: 0.8, sample_queries: 100 }],
  ['SecurityScanValidator', 'security_scan', '-', { critical: 0, high: 0 }, { max_critical: 0, max_high: 5 }],
  [
    'ConnectorStatusValidator',
    'connector_status',
    'jira',
    { status: 'synced' },
    { min_sync_status: 'syncing', required_connectors: ['jira'] },
  ],
  ['UserSatisfactionValidator', 'survey_response', 'ann', { score: 5 }, { min_score: 4, min_responses: 1 }],
  [
    'PerformanceSLAValidator',
    'performance',
    '-',
    { p95_ms: 100, error_rate: 0, requests: 1_000, window_minutes: 1_440 },
    { p95_latency_max_ms: 500, error_rate_max: 0.01 },
  ],
  ['BugWindowValidator', 'bug', '-', { all_clear: true }, { window_days: 0.1, max_critical: 0, max_high: 2 }],
];

function judged(play: Play, at: number): Verdict {
  const stage = stageOf(play.plan, 'sandbox');
  const [verdict] = stage ? judgeStage(stage, play.journey(), at, (text) => text) : [];
  if (!verdict) throw new Error('nothing was judged');
  return verdict;
}

/** The same, told as it decides: what time alone may change. */
const gist = ({ outcome, code }: Verdict): string => `${outcome} ${code}`;

function dueAt(play: Play): number | null {
  const stage = stageOf(play.plan, 'sandbox');
  return stage
    ? nextChange(stage, play.journey(), judgeStage(stage, play.journey(), play.now(), String), play.now())
    : null;
}

describe('S65: evidence that grows old', () => {
  test.each(cases)('%s: passes for max_age_hours, and is due exactly when it does not any more', (...one) => {
    const [validator, kind, subject, value, parameters] = one;
    const criterion = { check_id: 'check', name: 'Check', validator, parameters: { ...parameters, max_age_hours: 30 } };
    const play = playOf(smallDocument([{ id: 'sandbox', criteria: [criterion], auto: false }, { id: 'production' }]));
    play.do(start());
    play.pass(6 * HOUR);
    play.do({ type: 'record_evidence', observations: [seen(kind, value, play.now(), { subject })] });
    const expires = play.now() + 30 * HOUR + 1;
    expect(gist(judged(play, play.now()))).toBe('passed passed');
    expect(dueAt(play)).toBe(expires);
    expect(gist(judged(play, expires - 1))).toBe('passed passed');
    expect(judged(play, expires)).toMatchObject({ outcome: 'unknown' });
  });

  test('of several observations the oldest that counts says when; a newer one moves it', () => {
    const criterion = {
      check_id: 'check',
      name: 'Check',
      validator: 'ConnectorStatusValidator',
      parameters: { min_sync_status: 'syncing', required_connectors: ['jira', 'slack'], max_age_hours: 10 },
    };
    const play = playOf(smallDocument([{ id: 'sandbox', criteria: [criterion], auto: false }, { id: 'production' }]));
    play.do(start());
    const begun = play.now();
    const status = (subject: string) =>
      play.do({
        type: 'record_evidence',
        observations: [seen('connector_status', { status: 'synced' }, play.now(), { subject })],
      });
    status('jira');
    play.pass(HOUR);
    status('slack');
    expect(dueAt(play)).toBe(begun + 10 * HOUR + 1);
    status('jira');
    expect(dueAt(play)).toBe(begun + 11 * HOUR + 1);
  });

  test('max_age_hours beside the parameters is the same as among them', () => {
    const play = playOf(
      smallDocument([
        { id: 'sandbox', criteria: [searchQuality(0.8, { max_age_hours: 2 })], auto: false },
        { id: 'production' },
      ]),
    );
    play.do(start());
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    expect(dueAt(play)).toBe(play.now() + 2 * HOUR + 1);
  });
});

const asked = (parameters: JsonObject): Play => {
  const play = playOf(
    smallDocument([
      { id: 'sandbox', criteria: [searchQuality(0.8, { max_age_hours: null }), demoApproval(parameters)] },
      { id: 'production' },
    ]),
  );
  play.do(start());
  play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
  return play;
};

describe('S65 S75: an approval makes the journey due', () => {
  test('exactly at each reminder, and exactly when it has expired', () => {
    const play = asked({ expires_after_days: 3, remind_after_hours: 24, max_reminders: 2 });
    const begun = play.now();
    const happens: (readonly [number, string])[] = [];
    for (let round = 0; round < 3; round += 1) {
      const at = dueAt(play);
      if (at === null) throw new Error('nothing is due');
      play.pass(at - 1 - play.now());
      expect(play.do({ type: 'evaluate' }), 'a millisecond sooner nothing happens').toEqual([]);
      play.pass(1);
      happens.push([at - begun, play.do({ type: 'evaluate' })[0]?.type ?? 'nothing']);
    }
    expect(happens).toEqual([
      [DAY, 'approval_reminded'],
      [2 * DAY, 'approval_reminded'],
      [3 * DAY + 1, 'approval_voided'],
    ]);
    expect(play.journey().approval, 'and a new request goes out at once').toMatchObject({
      status: 'open',
      reminders: 0,
    });
  });

  test('not any more once it is decided', () => {
    const play = asked({ min_approvals: 2 });
    play.do({
      type: 'decide_approval',
      approvalId: play.journey().approval?.id ?? '',
      decision: 'reject',
      reason: 'no',
      by: actorOf(dana),
    });
    expect(dueAt(play)).toBeNull();
  });
});
