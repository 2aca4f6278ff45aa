import type { Instant } from '#core/time.ts';
import type { Found, ReadingOptions, Report, ReportFormat, ReportedObservation } from '#application/reports.ts';

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** One finding, or why it is left out; `unrated`: its severity is not known. */
export type Finding = Severity | 'unrated' | { readonly skipped: string };

/** What one tool has found. */
export type Scan = {
  readonly tool: string;
  readonly version: string | undefined;
  readonly category: string | undefined;
  readonly observedAt: Instant | null;
  readonly findings: readonly Finding[];
};

/** By the bands of CVSS; a score of nothing is the least that there is. */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  return score >= 4 ? 'medium' : 'low';
}

/** The score as reports write it, in figures or in text; undefined: none, or none that CVSS could give. */
export function cvssScore(given: unknown): number | undefined {
  const score =
    typeof given === 'number' ? given : typeof given === 'string' && given.trim() !== '' ? Number(given) : NaN;
  return score >= 0 && score <= 10 ? score : undefined;
}

/** The instant that a report names; null: none that can be understood. */
export function instantOf(given: unknown): Instant | null {
  if (typeof given !== 'string' || !/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(given)) return null;
  const at = Date.parse(given);
  return Number.isNaN(at) ? null : at;
}

/** The scans of a report, counted: one observation for each tool and category, so that none replaces another's. */
export function scanReport(format: ReportFormat, scans: readonly Scan[], options: ReadingOptions): Report {
  const bySubject = Map.groupBy(scans, (scan) => subjectOf(scan, options));
  const parts = [...bySubject].map(([subject, of]) => partOf(subject, of, options));
  return {
    format,
    kind: 'security_scan',
    observations: parts.map(({ observation }) => observation),
    found: parts.map(({ found }) => found),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

function subjectOf({ tool, category }: Scan, options: ReadingOptions): string {
  const within = options.category ?? category;
  return within === undefined || within === '' ? tool : `${tool}/${within}`;
}

function partOf(
  subject: string,
  scans: readonly Scan[],
  { environmentId, dated = false }: ReadingOptions,
): { readonly observation: ReportedObservation; readonly found: Found; readonly warnings: readonly string[] } {
  const findings = scans.flatMap((scan) => scan.findings);
  const counted = (severity: Finding): number => findings.filter((finding) => finding === severity).length;
  const unrated = counted('unrated');
  const figures = {
    critical: counted('critical'),
    // How bad it is is not known, and it must not pass for harmless.
    high: counted('high') + unrated,
    medium: counted('medium'),
    low: counted('low'),
  };
  const skipped = Object.entries(Object.groupBy(findings.filter(isSkipped), (finding) => finding.skipped));
  const times = scans.map(({ observedAt }) => observedAt);
  // What was scanned first may have changed since: the oldest part says how fresh the whole is.
  const observedAt = times.reduce(
    (one, other) => (one === null || other === null ? null : Math.min(one, other)),
    times[0] ?? null,
  );
  const [first] = scans;
  return {
    observation: {
      subject,
      value: { ...figures, ...(environmentId === undefined ? {} : { environment_id: environmentId }) },
      observedAt,
    },
    found: {
      by: [first?.tool ?? subject, first?.version ?? ''].join(' ').trim(),
      subject,
      figures,
      skipped: Object.fromEntries(skipped.map(([reason, left]) => [reason, left?.length ?? 0])),
    },
    warnings: [
      ...(unrated > 0 ? [`Findings of ${subject} without a severity: ${unrated}. They count as high.`] : []),
      ...(observedAt === null && !dated ? [`${subject} does not say when it scanned: it counts as of now.`] : []),
    ],
  };
}

const isSkipped = (finding: Finding): finding is { readonly skipped: string } => typeof finding === 'object';
