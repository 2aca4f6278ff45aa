import { refuse, type Refusal } from '../errors.ts';
import type { Command } from './commands.ts';
import { record, type Draft } from './draft.ts';
import type { Journey, JourneyStatus } from './journey.ts';
import { settle } from './settle.ts';
import { continueWork } from './work.ts';

/** Nothing begins and nothing follows from now on; what has begun may end, and is recorded. */
export function pause(draft: Draft, reason: string): undefined {
  record(draft, { type: 'journey_paused', reason });
}

/** Everything goes on, and what had to wait follows at once. */
export function resume(draft: Draft, reason: string): Refusal | undefined {
  if (!draft.journey.pause)
    return refuse('journey.not_paused', `${draft.journey.clientId} is not paused: it is ${draft.journey.status}.`);
  endPause(draft, reason);
  continueWork(draft);
  settle(draft);
  return undefined;
}

/** A rollback is a decision to go on elsewhere: it ends the pause before it begins. */
export function endPause(draft: Draft, reason: string): void {
  const { pause: paused } = draft.journey;
  if (paused)
    record(draft, { type: 'journey_resumed', reason, paused_ms: Math.max(0, draft.world.now - paused.since) });
}

const whilePaused: ReadonlySet<Command['type']> = new Set([
  'resume',
  'roll_back',
  'complete',
  'record_evidence',
  'task_result',
  'interrupt_task',
  'continue_task',
  'answer_task',
  'provide_input',
  'evaluate',
  'judge',
]);
const whileQueued: ReadonlySet<Command['type']> = new Set(['complete', 'provide_input', 'evaluate', 'judge']);

/** In whatever state the journey is: a fact about others, and what says itself when. */
const always: ReadonlySet<Command['type']> = new Set(['give_up_delivery', 'erase']);

/** What a journey in this state cannot do, and what would let it. */
export function notNow({ clientId, status, pause: paused }: Journey, { type }: Command): Refusal | undefined {
  const fine: Record<JourneyStatus, boolean> = {
    active: true,
    paused: whilePaused.has(type),
    queued: whileQueued.has(type),
    completed: false,
  };
  if (fine[status] || always.has(type)) return undefined;
  const hint = {
    active: '',
    paused: `resume lets it go on; it was paused because: ${paused?.reason ?? 'no reason is known'}.`,
    queued: 'It is admitted when its turn comes; status shows its position.',
    completed: 'start begins a new run.',
  }[status];
  return refuse('journey.not_active', `${clientId} is ${status}.`, hint);
}
