import type { Instant } from '../time.ts';
import { weekdays_ms } from '../calendar.ts';
import type { TaskProgress } from '../work/unit.ts';
import type { Journey } from './journey.ts';

/** Whoever a stage waits for. Of several at once the first counts: nothing that the others do would end that wait. */
export const parties = ['client', 'us', 'agent', 'approver', 'paused'] as const;
export type Party = (typeof parties)[number];

/** Milliseconds of journey time, by whom they were spent waiting for. */
export type TimeSplit = { readonly [P in Party]: number };

/** What a stage has waited for so far: folded from the events, so that it adds up whatever happens in between. */
export type Waits = {
  /** Who is waited for now; null: the journey has ended. */
  readonly on: Party | null;
  readonly since: Instant;
  /** Up to `since`. */
  readonly spent: TimeSplit;
  /** The part of the paused time that fell on weekdays: business days do not count it a second time. */
  readonly pausedWeekdays_ms: number;
};

const nothing: TimeSplit = { client: 0, us: 0, agent: 0, approver: 0, paused: 0 };

/** A stage begins: nothing has been waited for yet. */
export const waitsFrom = (at: Instant): Waits => ({ on: 'us', since: at, spent: nothing, pausedWeekdays_ms: 0 });

type Waiting = Pick<Journey, 'status' | 'units' | 'approval'>;

/** Who has to do something next. What nobody else is asked for is ours. */
export function waitingOn({ status, units, approval }: Waiting): Party | null {
  if (status === 'completed') return null;
  if (status === 'paused') return 'paused';
  let on: Party = approval?.status === 'open' ? 'approver' : 'us';
  for (const unit of units) {
    if (unit.status !== 'in_progress') continue;
    for (const id in unit.tasks) {
      const task = unit.tasks[id];
      if (task?.status === 'waiting_for_input' || isAsked(task)) return 'client';
      // Whoever authorizes agents is one of us.
      if (task?.question?.needs === 'authorization') continue;
      const away = task?.status === 'ready' || (task?.status === 'running' && task.via !== 'in_process');
      if (away) on = 'agent';
    }
  }
  return on;
}

/** An agent asks for an input, and nobody has answered yet. */
const isAsked = (task: TaskProgress | undefined): boolean =>
  task?.question?.needs === 'input' && task.answer === undefined;

/** The waits after one more event. Only a change of whom is waited for is kept. */
export function waitsAfter(waits: Waits, now: Waiting, at: Instant): Waits {
  const on = waitingOn(now);
  if (on === waits.on) return waits;
  // Replicas' clocks may differ by a little: time that is spent is never taken back.
  const until = Math.max(at, waits.since);
  const paused = waits.on === 'paused' ? weekdays_ms(waits.since, until) : 0;
  return {
    on,
    since: until,
    spent: added(waits, until),
    pausedWeekdays_ms: waits.pausedWeekdays_ms + paused,
  };
}

const added = ({ on, since, spent }: Waits, until: Instant): TimeSplit =>
  on === null ? spent : { ...spent, [on]: spent[on] + until - since };

/** The stage's time so far by whom it was spent waiting for; its parts add up to the time since the stage was entered. */
export const timeSplit = ({ waits }: Pick<Journey, 'waits'>, now: Instant): TimeSplit =>
  added(waits, Math.max(now, waits.since));

/** As much of the waits as says how long a stage was paused, and whether its time has ended. */
export type PausedWaits = Pick<Waits, 'on' | 'since' | 'pausedWeekdays_ms'> & {
  readonly spent: Pick<TimeSplit, 'paused'>;
};

/** How long a stage has been paused: in all, and on weekdays. */
export type PausedTime = { readonly all_ms: number; readonly weekdays_ms: number };

export function pausedTime({ on, since, spent, pausedWeekdays_ms }: PausedWaits, now: Instant): PausedTime {
  const until = on === 'paused' ? Math.max(now, since) : since;
  return {
    all_ms: spent.paused + until - since,
    weekdays_ms: pausedWeekdays_ms + weekdays_ms(since, until),
  };
}
