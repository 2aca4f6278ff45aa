import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from '#core/json.ts';
import type { TaskEvidence } from '#core/plan.ts';
import { connectorStatuses, evidenceKinds } from '#validators/evidence-kinds.ts';

type Said = { readonly subject: string; readonly value: Json };

/** Kinds that a task's output can count for: those about one thing, and connectors, which the output names itself. */
export const taskEvidenceKinds: readonly string[] = Object.entries(evidenceKinds).flatMap(([kind, { subject }]) =>
  subject !== 'required' || kind === 'connector_status' ? [kind] : [],
);

/** What an output says as evidence of `kind`; null where the output of a task cannot count for it. */
export function taskEvidence(kind: string): TaskEvidence | null {
  if (!taskEvidenceKinds.includes(kind)) return null;
  if (kind === 'security_scan') return { kind, observe: observeScan };
  if (kind === 'connector_status') return { kind, observe: observeConnectors };
  return { kind, observe: (output) => observeValue(kind, output) };
}

/** Any other kind: the output's field of that name, where it is a value of the kind. */
function observeValue(kind: string, output: JsonObject): readonly Said[] {
  const parsed = evidenceKinds[kind]?.parse(output[kind]);
  return parsed?.ok ? [{ subject: '-', value: parsed.value }] : [];
}

const severities = ['critical', 'high', 'medium', 'low'] as const;
type Counts = { [severity in (typeof severities)[number]]?: number };

function observeScan({ scan_result, vulnerabilities }: JsonObject): readonly Said[] {
  const counts = isObject(scan_result) ? countsIn(scan_result) : undefined;
  const counted = counts ?? (Array.isArray(vulnerabilities) ? countSeverities(vulnerabilities) : undefined);
  return counted ? [{ subject: '-', value: counted }] : [];
}

/** The scanner's own figures, where it gives at least those that are judged. */
function countsIn(result: JsonObject): Counts | undefined {
  const counts = Object.fromEntries(
    severities.flatMap((severity) => (isCount(result[severity]) ? [[severity, result[severity]]] : [])),
  );
  return 'critical' in counts && 'high' in counts ? counts : undefined;
}

const isCount = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

const harmless = new Set(['info', 'informational', 'none', 'negligible']);

function countSeverities(findings: readonly Json[]): Counts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const finding of findings) {
    const severity = severityOf(finding);
    if (severity !== undefined) counts[severity] += 1;
  }
  return counts;
}

/** A finding without a severity that we know counts as high: not knowing how bad it is must not let it through. */
function severityOf(finding: Json): (typeof severities)[number] | undefined {
  const said = isObject(finding) && typeof finding['severity'] === 'string' ? finding['severity'].toLowerCase() : '';
  if (harmless.has(said)) return undefined;
  if (said === 'moderate') return 'medium';
  return severities.find((severity) => severity === said) ?? 'high';
}

function observeConnectors({ installed_connectors }: JsonObject): readonly Said[] {
  if (!Array.isArray(installed_connectors)) return [];
  const worst = new Map<string, number>();
  for (const item of installed_connectors as readonly Json[]) {
    const said = connectorIn(item);
    if (said) worst.set(said.name, Math.min(said.rank, worst.get(said.name) ?? said.rank));
  }
  return [...worst].flatMap(([subject, rank]) => {
    const status = connectorStatuses[rank];
    return status === undefined ? [] : [{ subject, value: { status } }];
  });
}

/** A bare name says that the connector is installed, and an installed connector begins to sync. */
function connectorIn(item: Json): { readonly name: string; readonly rank: number } | undefined {
  const syncing = connectorStatuses.indexOf('syncing');
  if (typeof item === 'string') return item === '' ? undefined : { name: item, rank: syncing };
  if (!isObject(item)) return undefined;
  const name = item['name'] ?? item['connector'];
  if (typeof name !== 'string' || name === '') return undefined;
  const { status } = item;
  const rank = status === undefined ? syncing : connectorStatuses.findIndex((known) => known === status);
  return rank < 0 ? undefined : { name, rank };
}
