import { z } from 'zod';
import type { ReadingOptions, ReportRead } from '#application/reports.ts';
import { instantOf, scanReport, severities, type Finding } from './findings.ts';
import { shapeProblem } from './shape.ts';
import { unreadable } from './unreadable.ts';

const finding = z.object({ Severity: z.string().nullish(), Status: z.string().nullish() });
const modified = z.object({ Status: z.string().nullish() });
const target = z.object({
  Vulnerabilities: z.array(finding).nullish(),
  Misconfigurations: z.array(finding).nullish(),
  Secrets: z.array(finding).nullish(),
  Licenses: z.array(z.unknown()).nullish(),
  ExperimentalModifiedFindings: z.array(modified).nullish(),
  ModifiedFindings: z.array(modified).nullish(),
});
const report = z.object({
  CreatedAt: z.string().nullish(),
  Trivy: z.object({ Version: z.string().nullish() }).nullish(),
  Results: z.array(target).nullish(),
});

/** What `trivy --format json` writes, of schema version 2. */
export function readTrivy(document: { readonly SchemaVersion?: unknown }, options: ReadingOptions): ReportRead {
  const { SchemaVersion } = document;
  if (SchemaVersion !== 2)
    return unreadable(
      `Its SchemaVersion is ${JSON.stringify(SchemaVersion) ?? 'missing'}; 2 can be counted.`,
      'Scan with a present version of Trivy, and --format json.',
    );
  const parsed = report.safeParse(document);
  if (!parsed.success) return unreadable(`It is not a report of Trivy: ${shapeProblem(parsed.error)}.`);
  const { CreatedAt, Trivy, Results } = parsed.data;
  // Trivy leaves the targets out where it knew nothing to look for.
  if (!Results?.length)
    return unreadable('It has no Results: Trivy found nothing that it could scan.', 'Scan what holds packages.');
  const scan = {
    tool: 'trivy',
    version: Trivy?.Version ?? undefined,
    category: undefined,
    observedAt: instantOf(CreatedAt),
    findings: Results.flatMap(findingsOf),
  };
  return { ok: true, report: scanReport('trivy', [scan], options) };
}

function findingsOf({
  Vulnerabilities,
  Misconfigurations,
  Secrets,
  Licenses,
  ExperimentalModifiedFindings,
  ModifiedFindings,
}: z.output<typeof target>): readonly Finding[] {
  return [
    ...(Vulnerabilities ?? []).map((one) =>
      one.Status === 'not_affected' ? skippedAs('not_affected') : severityOf(one),
    ),
    ...(Misconfigurations ?? []).map((one) =>
      one.Status === 'PASS' || one.Status === 'EXCEPTION' ? skippedAs('not_a_failure') : severityOf(one),
    ),
    ...(Secrets ?? []).map(severityOf),
    // What a licence allows is no matter of security.
    ...(Licenses ?? []).map(() => skippedAs('licence')),
    // What Trivy itself has left out, by .trivyignore or VEX.
    ...[...(ExperimentalModifiedFindings ?? []), ...(ModifiedFindings ?? [])].map(() => skippedAs('suppressed')),
  ];
}

const skippedAs = (skipped: string): Finding => ({ skipped });

const severityOf = ({ Severity }: z.output<typeof finding>): Finding =>
  severities.find((one) => one === Severity?.toLowerCase()) ?? 'unrated';
