import { z } from 'zod';
import type { ReadingOptions, ReportRead } from '#application/reports.ts';
import {
  cvssScore,
  instantOf,
  scanReport,
  severities,
  severityOfScore,
  type Finding,
  type Severity,
} from './findings.ts';
import { shapeProblem } from './shape.ts';
import { unreadable } from './unreadable.ts';

const named = z.object({ name: z.string().nullish(), version: z.string().nullish() });
const rating = z.object({ severity: z.string().nullish(), score: z.number().nullish(), method: z.string().nullish() });
const vulnerability = z.object({
  ratings: z.array(rating).nullish(),
  analysis: z.object({ state: z.string().nullish() }).nullish(),
  rejected: z.string().nullish(),
});
const bom = z.object({
  metadata: z
    .object({
      timestamp: z.string().nullish(),
      // Until 1.4 a list, since then components and services.
      tools: z
        .union([z.array(named), z.object({ components: z.array(named).nullish(), services: z.array(named).nullish() })])
        .nullish(),
    })
    .nullish(),
  vulnerabilities: z.array(vulnerability).nullish(),
});

type Bom = z.output<typeof bom>;
type Vulnerability = z.output<typeof vulnerability>;

const versions: readonly unknown[] = ['1.5', '1.6', '1.7'];

/** CycloneDX with its vulnerabilities (VEX), in JSON. */
export function readCycloneDx(document: { readonly specVersion?: unknown }, options: ReadingOptions): ReportRead {
  const { specVersion } = document;
  if (!versions.includes(specVersion))
    return unreadable(
      `It is CycloneDX ${JSON.stringify(specVersion) ?? 'of no version'}; ${versions.join(', ')} can be counted.`,
      'Let the tool write one of these.',
    );
  const parsed = bom.safeParse(document);
  if (!parsed.success) return unreadable(`It is not CycloneDX ${String(specVersion)}: ${shapeProblem(parsed.error)}.`);
  const { metadata, vulnerabilities } = parsed.data;
  // A list of components that nobody has scanned looks the same: it must not pass for a clean scan.
  if (!vulnerabilities?.length)
    return unreadable(
      'It lists no vulnerabilities, which a list of components that was never scanned does not do either.',
      'Send the scanner’s own report (SARIF or Trivy JSON), or record the figures with evidence add.',
    );
  const tool = toolOf(parsed.data);
  const scan = {
    tool: tool?.name ?? 'cyclonedx',
    version: tool?.version ?? undefined,
    category: undefined,
    observedAt: instantOf(metadata?.timestamp),
    findings: vulnerabilities.map(findingOf),
  };
  return { ok: true, report: scanReport('cyclonedx', [scan], options) };
}

function toolOf({ metadata }: Bom): z.output<typeof named> | undefined {
  const tools = metadata?.tools;
  const all = Array.isArray(tools) ? tools : [...(tools?.components ?? []), ...(tools?.services ?? [])];
  return all.find(({ name }) => name);
}

const settled = new Set(['not_affected', 'resolved', 'resolved_with_pedigree', 'false_positive']);

function findingOf({ ratings, analysis, rejected }: Vulnerability): Finding {
  const state = analysis?.state;
  if (state && settled.has(state)) return { skipped: state };
  if (rejected) return { skipped: 'rejected' };
  const rated = new Set((ratings ?? []).map(severityOf));
  // Where several have rated it the worst counts: who is right is for people to say, by its analysis.
  return severities.find((severity) => rated.has(severity)) ?? 'unrated';
}

function severityOf({ severity, score, method }: z.output<typeof rating>): Severity | undefined {
  const said = severity === 'info' || severity === 'none' ? 'low' : severities.find((one) => one === severity);
  // A score of another method, as OWASP, has other bands.
  const cvss = method?.startsWith('CVSS') === true ? cvssScore(score) : undefined;
  return said ?? (cvss === undefined ? undefined : severityOfScore(cvss));
}
