import { isObject, type Json, type JsonObject } from '#core/json.ts';
import type { MessageType } from '#core/journey/messages.ts';
import { figure, when, words } from './words.ts';

const text = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Where a sentence is read: how people are called there, and how a command is given. */
export type Reading = {
  readonly who: (principal: string) => string;
  /** A command with its one argument, as it is typed there. */
  readonly command: (verb: string, argument: string, value: string) => string;
};

type Sentence = (data: JsonObject, reading: Reading) => string;

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
  'journey.override_requested': ({ override_id, by, reason, missing }, { who, command }) =>
    `${who(text(by))} asks to pass the shut gate: ${text(reason)}${listed(missing, ' Missing: ')} Somebody else confirms it: ${command('confirm-override', 'override-id', text(override_id))}`,
  'journey.automatic_rollback_refused': ({ message: why }) => `It was not rolled back by itself: ${text(why)}`,
  'goal.judged': ({ goals }) => `Goals: ${goalsOf(goals)}.`,
  'approval.requested': ({ stage }) => `Approval is asked for: ${text(stage)}.`,
  'approval.decided': (data, reading) => decided(data, reading),
  'approval.voided': ({ why, changed }) =>
    why === 'expired'
      ? 'The request for approval has expired.'
      : `The request for approval is void (${words(text(why))})${Array.isArray(changed) && changed.length > 0 ? `: ${changed.map(text).join('; ')}` : ''}.`,
  'approval.reminded': ({ approvers, expires_at }) =>
    `Still waiting for approval by ${Array.isArray(approvers) && approvers.length > 0 ? approvers.map(text).join(' or ') : 'an approver'}${text(expires_at) === '' ? '' : `, until ${when(text(expires_at))}`}.`,
  'work.interrupted': ({ work_id, task_id, needs, asked }, { command }) =>
    needs === 'input'
      ? `The agent of ${text(task_id)} asks: ${text(asked)} To answer it: ${command('answer', 'work-id', text(work_id))}`
      : `The agent of ${text(task_id)} waits for an authorization: ${text(asked)}`,
  'work.failed': ({ work_id }, { command }) =>
    `Work has failed: ${text(work_id)}. To try again: ${command('retry-tasks', 'work-id', text(work_id))}`,
  'duration.at_risk': (data) => `${text(data['stage'])} takes long: ${days(data)}. Its target is at risk.`,
  'duration.breached': (data) => `${text(data['stage'])} has taken longer than its target: ${days(data)}.`,
  'delivery.dead': ({ delivery_id, destination, problem }, { command }) =>
    `${text(destination)} could not be told, and is not tried any more: ${text(problem)} To try again: ${command('deliveries replay', 'delivery-id', text(delivery_id))}`,
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

function decided({ decision, by, status, reason }: JsonObject, reading: Reading): string {
  const who = reading.who(text(by));
  const why = text(reason) === '' ? '' : ` “${text(reason)}”`;
  if (decision === 'reject') return `Rejected by ${who}.${why}`;
  return status === 'open' ? `${who} has approved; more are needed.${why}` : `Approved by ${who}.${why}`;
}

export const sentenceOf = (type: string, data: JsonObject, reading: Reading): string =>
  Object.hasOwn(sentences, type) ? (sentences[type]?.(data, reading) ?? '') : '';

/** As people read it who have a terminal rather than a chat. */
export const atTheTerminal: Reading = {
  who: (principal) => principal,
  command: (verb, argument, value) => `journey-cli ${verb} --${argument}="${value}"`,
};
