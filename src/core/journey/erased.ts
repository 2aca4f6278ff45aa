import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Journey } from './journey.ts';

export const ERASED = '[erased]';

/** The journey without anything that somebody said of the client. */
export const erasedJourney = (journey: Journey): Journey => ({
  ...journey,
  inputs: {},
  metadata: {},
  outputs: {},
  evidence: {},
  units: journey.units.map(({ definition, ...unit }) => ({
    ...unit,
    tasks: {},
    // Its steps say what they were given.
    ...(definition ? { definition: { ...definition, tasks: [], snapshot: '[]' } } : {}),
  })),
  undoing: [],
  notUndone: [],
  done: {},
  streaks: {},
  goals: {},
  verdicts: Object.fromEntries(
    Object.entries(journey.verdicts).map(([id, { outcome, code }]) => [id, { outcome, code }]),
  ),
  approval: journey.approval && { ...journey.approval, reason: null },
});

/**
 * Keys whose values are ours: ids of the configuration, of work and of staff, kinds, counts and times. Everything else
 * is taken for the client's and replaced, so that a key that nobody has thought of is erased rather than kept.
 */
const ours = new Set(
  `type run stage kind from to entry stage_entry owner seq at client_id via config_hash started_by by decision status why
    digest outcome outcomes code completed_stages holds_slot generation attempt approvers min_approvals
    needs requested_by confirmed_by lease_until deadline changed reminder calendar destination
    message_type`.split(/\s+/),
);
const ourSuffixes = ['_id', '_ids', '_at', '_ms', '_days', '_seconds'];
/** Keys that hold both: looked into. */
const mixed = new Set(['units', 'results', 'verdicts', 'error', 'override', 'question']);

const isOurs = (key: string): boolean => ours.has(key) || ourSuffixes.some((suffix) => key.endsWith(suffix));

/** An event's or a message's data with the same keys, and only our values. */
export const erasedData = (data: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, erasedValue(key, value)]));

function erasedValue(key: string, value: Json): Json {
  if (isOurs(key) || value === null || typeof value === 'boolean') return value;
  if (mixed.has(key) && Array.isArray(value))
    return (value as readonly Json[]).map((item) => (isObject(item) ? erasedData(item) : ERASED));
  if (mixed.has(key) && isObject(value)) return erasedData(value);
  if (typeof value === 'string') return ERASED;
  return Array.isArray(value) ? [] : isObject(value) ? {} : null;
}
