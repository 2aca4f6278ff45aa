import type { Observation } from '#core/criteria/evidence.ts';
import type { Judgement } from '#core/criteria/verdict.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { JudgeContext } from '#core/plan.ts';
import { DAY, HOUR } from '#core/time.ts';
import { validators } from '#validators/registry.ts';

/** Noon of an arbitrary day; a stage that began ten days before it. */
export const now = Date.parse('2026-03-20T12:00:00Z');
export const context = (changes: Partial<JudgeContext> = {}): JudgeContext => ({
  now,
  stageStartedAt: now - 10 * DAY,
  workFinishedAt: now - 2 * DAY,
  inputs: {},
  outputs: {},
  ...changes,
});

export const observation = (value: Json, changes: Partial<Observation> = {}): Observation => ({
  kind: 'any',
  subject: '-',
  value,
  observedAt: now - HOUR,
  source: 'test',
  origin: 'operator:olga',
  recordedBy: 'olga',
  stageEntry: 1,
  ...changes,
});

export function judge(
  name: string,
  parameters: JsonObject,
  observations: readonly Observation[],
  changes: Partial<JudgeContext> = {},
): Judgement {
  const validator = validators.get(name);
  if (validator?.kind !== 'evidence') throw new Error(`${name} does not judge evidence.`);
  return validator.bind(parameters).judge(observations, context(changes));
}

export const iso = (instant: number): string => new Date(instant).toISOString();
