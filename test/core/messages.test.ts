import { describe, expect, test } from 'vitest';
import { isWanted, messageOf, messageTypes, transitionMessages, type Subscriber } from '#core/journey/messages.ts';
import type { JourneyEvent, TransitionKind } from '#core/journey/events.ts';

const entered = (kind: TransitionKind): JourneyEvent => ({
  type: 'stage_entered',
  kind,
  from: 'sandbox',
  stage: 'pilot',
  entry: 2,
  config_hash: 'h',
  reason: 'why',
  completed_stages: ['sandbox'],
  holds_slot: true,
  units: [],
  owner: 1,
});
const completed: JourneyEvent = { type: 'journey_completed', reason: 'over' };
const judged: JourneyEvent = { type: 'criteria_judged', verdicts: [] };
const failed: JourneyEvent = { type: 'unit_failed', work_id: 'uow-a:1:w' };

describe('what is told outside', () => {
  test.each([
    ['start', 'journey.started'],
    ['promotion', 'journey.promoted'],
    ['override', 'journey.overridden'],
    ['rollback', 'journey.rolled_back'],
  ] as const)('S38: a stage entered by %s is told as %s, with where from, where to and why', (kind, type) => {
    expect(messageOf(entered(kind), 'sandbox')).toEqual({
      type,
      data: { from: 'sandbox', to: 'pilot', stage_entry: 2, reason: 'why' },
    });
  });

  test('an event that does not name its stage is told with the one that the journey is in', () => {
    expect(messageOf(completed, 'production')).toEqual({
      type: 'journey.completed',
      data: { stage: 'production', reason: 'over' },
    });
    expect(messageOf(failed, 'pilot')).toEqual({ type: 'work.failed', data: { stage: 'pilot', work_id: 'uow-a:1:w' } });
  });

  test('S70 S75: a stage that takes long and a reminder are told to whoever wants them', () => {
    const late = { stage: 'pilot', target_days: 15, age_days: 12.1, calendar: 'business' } as const;
    expect(messageOf({ type: 'stage_duration_at_risk', entry: 2, ...late }, 'pilot')).toEqual({
      type: 'duration.at_risk',
      data: late,
    });
    expect(messageOf({ type: 'approval_reminded', approval_id: 'apr-a:1:1', reminder: 2 }, 'pilot')).toEqual({
      type: 'approval.reminded',
      data: { stage: 'pilot', approval_id: 'apr-a:1:1', reminder: 2 },
    });
  });

  test('most events stay inside', () => {
    expect(messageOf(judged, 'pilot')).toBeUndefined();
    expect(isWanted([{ name: 'all', wants: messageTypes }], judged)).toBe(false);
  });

  test('a subscriber is told what it wants and nothing else; without any nobody is', () => {
    const crm: Subscriber = { name: 'crm', wants: transitionMessages };
    expect([entered('start'), entered('rollback'), completed].every((event) => isWanted([crm], event))).toBe(true);
    expect(isWanted([crm], failed)).toBe(false);
    expect(isWanted([crm, { name: 'chat', wants: ['work.failed'] }], failed)).toBe(true);
    expect(isWanted([], completed)).toBe(false);
  });
});
