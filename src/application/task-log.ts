import { isObject, type JsonObject } from '#core/json.ts';
import type { LogEntry } from './dependencies.ts';
import { iso } from './fields.ts';

/** What an entry of the task log says, in words. The words may change; the type and the data beside them do not. */
export function sentenceOf({ type, data, actor }: Pick<LogEntry, 'type' | 'data' | 'actor'>): string {
  switch (type) {
    case 'stage_entered':
      return `The unit of work was created: ${text(data, 'stage')} was entered.`;
    case 'task_dispatched':
      return dispatched(data);
    case 'task_claimed':
      return `Claimed by ${text(data, 'by')}, until ${time(data, 'deadline')} at the latest.`;
    case 'task_waiting_for_input':
      return `Waits for the input ${list(data, 'missing')}.`;
    case 'task_waiting_for_breaker':
      return 'Waits: the circuit breaker of its intent is not closed.';
    case 'task_interrupted':
      return interrupted(data);
    case 'task_continued':
      return 'The agent goes on.';
    case 'task_answered':
      return `Answered by ${actor}.`;
    case 'progress':
      return progress(data);
    case 'task_succeeded':
      return 'Succeeded.';
    case 'task_attempt_failed':
      return attemptFailed(data);
    case 'tasks_retried':
      return `${list(data, 'task_ids')} begin again, by ${actor}.`;
    case 'unit_taken_over':
      return 'Another process goes on with the unit of work.';
    case 'unit_completed':
      return 'The unit of work is completed.';
    case 'unit_failed':
      return 'The unit of work has failed.';
    case 'unit_cancelled':
      return 'The unit of work was cancelled, and with it what was running.';
    default:
      return type;
  }
}

const ways: Readonly<Record<string, string>> = {
  a2a: 'Sent to its agent.',
  pull: 'Ready for whoever claims it.',
  in_process: 'Begun in this process.',
};
const dispatched = (data: JsonObject): string => ways[text(data, 'via')] ?? 'Dispatched.';

function interrupted(data: JsonObject): string {
  const question = isObject(data['question']) ? data['question'] : {};
  const needs = question['needs'] === 'input' ? 'an answer' : 'an authorization';
  return `The agent waits for ${needs}: ${text(question, 'text')}`;
}

function progress(data: JsonObject): string {
  const percent = typeof data['percent'] === 'number' ? `${Math.round(data['percent'])} %` : undefined;
  const message = typeof data['message'] === 'string' ? data['message'] : undefined;
  return [percent, message].filter((part) => part !== undefined).join(': ');
}

function attemptFailed(data: JsonObject): string {
  const error = isObject(data['error']) ? data['error'] : {};
  const next = data['retry_at'] === null ? 'for good' : `and is tried again at ${time(data, 'retry_at')}`;
  return `Failed ${next}: ${text(error, 'code')}: ${text(error, 'message')}`;
}

const text = (data: JsonObject, name: string): string => (typeof data[name] === 'string' ? data[name] : '?');
const time = (data: JsonObject, name: string): string => (typeof data[name] === 'number' ? iso(data[name]) : '?');
const list = (data: JsonObject, name: string): string => (Array.isArray(data[name]) ? data[name].join(', ') : '?');
