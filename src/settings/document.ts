import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { checkStages } from './check-stages.ts';
import { checkTemplates } from './check-templates.ts';
import {
  documentSchema,
  type AgentsFile,
  type OrchestratorFile,
  type StageDocument,
  type TemplatesFile,
} from './file-schemas.ts';
import { settingsError } from './problem.ts';
import { problemsOf, type Locate } from './zod-problems.ts';
import { pathText } from '#validators/describe-issue.ts';

type DeepReadonly<T> = T extends readonly (infer I)[]
  ? readonly DeepReadonly<I>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/**
 * What decides about journeys, and nothing else: merged, validated, frozen, plain JSON. Its hash is what a journey pins,
 * so a port, a password or the number of workers must never be in here.
 */
export type ConfigDocument = DeepReadonly<z.output<typeof documentSchema>>;

export function documentOf(
  { orchestrator }: OrchestratorFile,
  stages: readonly StageDocument[],
  { templates }: TemplatesFile,
  { evidence }: Pick<AgentsFile, 'evidence'>,
): ConfigDocument {
  const { max_concurrent_journeys, timeouts, retry, circuit_breaker, features, auto_rollback, polling } = orchestrator;
  const { base_interval_seconds } = polling;
  return frozen({
    max_concurrent_journeys,
    timeouts,
    retry,
    circuit_breaker,
    features,
    auto_rollback,
    polling: { base_interval_seconds },
    stages: stages.toSorted((a, b) => a.order - b.order),
    templates,
    evidence,
  });
}

/** A document as it comes back from the store; throws `settings.invalid` where this version cannot read it. */
export function readDocument(stored: unknown): ConfigDocument {
  const parsed = documentSchema.safeParse(stored);
  if (!parsed.success) throw settingsError(problemsOf(parsed.error, documentSchema, stored, locate));
  const { stages, problems } = checkStages(parsed.data.stages, locate);
  const all = [...problems, ...checkTemplates(parsed.data.templates, stages, locate)];
  if (all.length > 0) throw settingsError(all);
  return frozen({ ...parsed.data, stages });
}

const locate: Locate = (path) => ({ where: 'stored configuration', path: pathText(path) });

/** The document's identity: equal for equal content, whatever the order of its keys. */
export const configHash = (document: ConfigDocument): string =>
  createHash('sha256').update(canonicalJson(document)).digest('hex').slice(0, 16);

/** JSON with sorted keys. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

function frozen<T>(value: T): DeepReadonly<T> {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) frozen(item);
    Object.freeze(value);
  }
  return value as DeepReadonly<T>;
}
