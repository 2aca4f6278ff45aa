import { z } from 'zod';
import type { Json } from '#core/json.ts';
import { describeIssue } from './describe-issue.ts';

const count = z.int().min(0).max(1_000_000_000);
const when = z.iso.datetime({ offset: true });
const severity = z.enum(['critical', 'high', 'medium', 'low']);
const fraction = z.number().min(0).max(1);

export const connectorStatuses = ['error', 'paused', 'pending', 'syncing', 'synced'] as const;

const bug = z
  .strictObject({ severity, opened_at: when, closed_at: when.optional() })
  .refine(({ opened_at, closed_at }) => closed_at === undefined || Date.parse(closed_at) >= Date.parse(opened_at), {
    path: ['closed_at'],
    error: 'must not be before opened_at',
  });

const userAdoption = z.union([
  z.strictObject({ rate: fraction }),
  z
    .strictObject({ active: count, cohort: count.min(1) })
    .refine(({ active, cohort }) => active <= cohort, { path: ['active'], error: 'must not be more than cohort' }),
]);

/** What an observation of each kind says. Strict, so that a misspelt figure is refused instead of being lost. */
const schemas = {
  connector_status: z.strictObject({ status: z.enum(connectorStatuses) }),
  search_quality: z.strictObject({ precision: fraction, k: z.int().min(1).max(1_000), sampled: count }),
  security_scan: z.strictObject({
    critical: count,
    high: count,
    medium: count.optional(),
    low: count.optional(),
    environment_id: z.string().min(1).max(256).optional(),
  }),
  survey_response: z.strictObject({ score: z.number().min(1).max(100) }),
  bug: z.union([z.strictObject({ all_clear: z.literal(true) }), bug]),
  performance: z.strictObject({
    p95_ms: z.number().min(0),
    error_rate: fraction,
    requests: count,
    window_minutes: z.number().positive().optional(),
  }),
  user_adoption: userAdoption,
  search_satisfaction: z.strictObject({ score: z.number().min(1).max(100), responses: count.optional() }),
  query_volume: z.strictObject({
    count,
    previous_count: count.optional(),
    window_start: when.optional(),
    window_end: when.optional(),
  }),
} as const;

export type EvidenceKind = keyof typeof schemas;
export type EvidenceValue<K extends EvidenceKind> = z.output<(typeof schemas)[K]>;

export type EvidenceKindRules = {
  /** Whether an observation must, may or cannot name what it is about: the connector, the respondent, the bug. Else it is `-`. */
  readonly subject: 'required' | 'optional' | 'none';
  readonly parse: (
    value: unknown,
  ) => { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: string };
};

const subjects: { readonly [K in EvidenceKind]?: { readonly is: 'required' | 'optional'; readonly words: string } } = {
  connector_status: { is: 'required', words: 'the name of the connector' },
  survey_response: { is: 'required', words: 'the respondent' },
  bug: { is: 'required', words: 'the id of the bug' },
  // Two tools find different things, so that the report of one must not take the place of the other's.
  security_scan: { is: 'optional', words: 'the tool that scanned' },
};

export const evidenceKinds: Readonly<Record<string, EvidenceKindRules>> = Object.freeze(
  Object.fromEntries(
    Object.keys(schemas).map((name) => {
      const kind = name as EvidenceKind;
      const subject = subjects[kind]?.is ?? 'none';
      return [kind, { subject, parse: (value: unknown) => parse(kind, value) }] as const;
    }),
  ),
);

function parse(kind: EvidenceKind, value: unknown): ReturnType<EvidenceKindRules['parse']> {
  const result = schemas[kind].safeParse(value);
  return result.success
    ? { ok: true, value: result.data as Json }
    : { ok: false, problem: result.error.issues.map(describeIssue).join('; ') };
}

export const isEvidenceKind = (name: string): name is EvidenceKind => Object.hasOwn(schemas, name);

/** The value as its kind's type, or undefined where it does not fit (recorded by a version with other rules). */
export function readValue<K extends EvidenceKind>(kind: K, value: Json): EvidenceValue<K> | undefined {
  const result = schemas[kind].safeParse(value);
  return result.success ? (result.data as EvidenceValue<K>) : undefined;
}

export type SubjectAnswer =
  | { readonly ok: true; readonly subject: string }
  | { readonly ok: false; readonly problem: string };

/** What an observation is filed under: the subject that its kind asks for, `-` where the kind has only one. */
export function subjectOf(kind: EvidenceKind, value: Json, given: string | undefined): SubjectAnswer {
  const named = given !== undefined && given !== '' && given !== '-';
  // An all-clear filed under a bug's id would succeed that bug's own record and so hide it.
  const rule = kind === 'bug' && isAllClear(value) ? undefined : subjects[kind];
  if (!named)
    return rule?.is === 'required'
      ? { ok: false, problem: `subject is missing: ${kind} needs ${rule.words}` }
      : { ok: true, subject: '-' };
  return rule
    ? { ok: true, subject: given }
    : { ok: false, problem: `subject is "${given}": leave it out, this ${kind} has no subject` };
}

const isAllClear = (value: Json): boolean => typeof value === 'object' && value !== null && 'all_clear' in value;

/** An observation as it came from outside: its value checked and its subject settled, or what is wrong with it. */
export function readEvidence(
  name: string,
  value: unknown,
  subject: string | undefined,
):
  | { readonly ok: true; readonly subject: string; readonly value: Json }
  | { readonly ok: false; readonly problem: string } {
  if (!isEvidenceKind(name)) return { ok: false, problem: `no evidence is of kind ${name}` };
  const parsed = parse(name, value);
  if (!parsed.ok) return parsed;
  const filed = subjectOf(name, parsed.value, subject);
  return filed.ok ? { ok: true, subject: filed.subject, value: parsed.value } : filed;
}
