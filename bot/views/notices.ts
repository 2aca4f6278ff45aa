import { isObject, type Json, type JsonObject } from '#core/json.ts';
import type { MessageType } from '#core/journey/messages.ts';
import { message, note, paragraph, type Message } from './blocks.ts';
import { figure, when, whoIs, words } from './text.ts';

/** What the outbox tells of: what has become of a journey. */
export type Told = {
  readonly type: string;
  readonly client_id: string;
  readonly seq: number;
  /** Journey time. */
  readonly at: number;
  readonly data: JsonObject;
};

const text = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

type Sentence = (data: JsonObject) => string;

/** One sentence a message: whatever is told outside has one here. */
const sentences: { readonly [T in MessageType]: Sentence } & { readonly [type: string]: Sentence } = {
  'journey.started': ({ to }) => `The journey has begun: it is in ${text(to)}.`,
  'journey.promoted': ({ from, to }) => `Promoted from ${text(from)} to ${text(to)}.`,
  'journey.overridden': ({ from, to, reason }) => `Moved from ${text(from)} to ${text(to)} by hand: ${text(reason)}`,
  'journey.rolled_back': ({ from, to, reason }) => `Rolled back from ${text(from)} to ${text(to)}: ${text(reason)}`,
  'journey.completed': ({ stage, reason }) => `Completed in ${text(stage)}: ${text(reason)}`,
  'journey.paused': ({ reason }) => `Paused: ${text(reason)}`,
  'journey.resumed': () => 'It goes on.',
  'journey.regressed': ({ message: why }) => `It is worse than it was: ${text(why)}`,
  'journey.override_requested': ({ override_id, by, reason, missing }) =>
    `${whoIs(text(by))} asks to pass the shut gate: ${text(reason)}${listed(missing, ' Missing: ')} Somebody else confirms it: /journey confirm-override ${text(override_id)}`,
  'journey.automatic_rollback_refused': ({ message: why }) => `It was not rolled back by itself: ${text(why)}`,
  'goal.judged': ({ goals }) => `Goals: ${goalsOf(goals)}.`,
  'approval.requested': ({ stage }) => `Approval is asked for: ${text(stage)}.`,
  'approval.decided': (data) => decided(data),
  'approval.voided': ({ why, changed }) =>
    why === 'expired'
      ? 'The request for approval has expired.'
      : `The request for approval is void (${words(text(why))})${Array.isArray(changed) && changed.length > 0 ? `: ${changed.map(text).join('; ')}` : ''}.`,
  'approval.reminded': ({ approvers, expires_at }) =>
    `Still waiting for approval by ${Array.isArray(approvers) && approvers.length > 0 ? approvers.map(text).join(' or ') : 'an approver'}${text(expires_at) === '' ? '' : `, until ${when(text(expires_at))}`}.`,
  'work.failed': ({ work_id }) =>
    `Work has failed: ${text(work_id)}. To try again: /journey retry-tasks ${text(work_id)}`,
  'duration.at_risk': (data) => `${text(data['stage'])} takes long: ${days(data)}. Its target is at risk.`,
  'duration.breached': (data) => `${text(data['stage'])} has taken longer than its target: ${days(data)}.`,
};

const days = ({ age_days, target_days }: JsonObject): string => `${figure(age_days)} of ${figure(target_days)} days`;

const listed = (items: Json | undefined, before: string): string =>
  Array.isArray(items) && items.length > 0 ? `${before}${items.map(text).join(', ')}.` : '';

const goalsOf = (goals: Json | undefined): string =>
  Array.isArray(goals)
    ? goals
        .flatMap((goal: Json) =>
          isObject(goal) ? [`${words(text(goal['metric']))} ${words(text(goal['health']))}`] : [],
        )
        .join(', ')
    : '';

function decided({ decision, by, status, reason }: JsonObject): string {
  const who = whoIs(text(by));
  const why = text(reason) === '' ? '' : ` “${text(reason)}”`;
  if (decision === 'reject') return `Rejected by ${who}.${why}`;
  return status === 'open' ? `${who} has approved; more are needed.${why}` : `Approved by ${who}.${why}`;
}

export const toldTypes = Object.keys(sentences) as readonly MessageType[];

export const isTold = (type: string): boolean => Object.hasOwn(sentences, type);

/** The notice in the journey's thread. */
export function notice({ type, client_id, at, data }: Told): Message {
  const sentence = sentences[type]?.(data) ?? '';
  return message(`${client_id}: ${sentence}`, [paragraph(sentence), note(when(at))]);
}
