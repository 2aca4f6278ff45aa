import { z } from 'zod';
import type { ReadingOptions, ReportRead } from '#application/reports.ts';
import { cvssScore, instantOf, scanReport, severityOfScore, type Finding, type Scan } from './findings.ts';
import { shapeProblem } from './shape.ts';
import { isUnreadable, unreadable, type Unreadable } from './unreadable.ts';

const index = z.int().min(-1).nullish();
const bag = z.record(z.string(), z.unknown()).nullish();
const rule = z.object({ id: z.string().nullish(), properties: bag });
const component = z.object({
  name: z.string().nullish(),
  version: z.string().nullish(),
  semanticVersion: z.string().nullish(),
  rules: z.array(rule).nullish(),
});
const result = z.object({
  ruleId: z.string().nullish(),
  ruleIndex: index,
  rule: z.object({ id: z.string().nullish(), index, toolComponent: z.object({ index }).nullish() }).nullish(),
  kind: z.string().nullish(),
  baselineState: z.string().nullish(),
  suppressions: z.array(z.object({ status: z.string().nullish() })).nullish(),
  properties: bag,
});
const run = z.object({
  tool: z.object({ driver: component, extensions: z.array(component).nullish() }),
  automationDetails: z.object({ id: z.string().nullish() }).nullish(),
  invocations: z
    .array(z.object({ executionSuccessful: z.boolean().nullish(), endTimeUtc: z.string().nullish() }))
    .nullish(),
  results: z.array(result).nullish(),
  externalPropertyFileReferences: z.object({ results: z.array(z.unknown()).nullish() }).nullish(),
});
const log = z.object({ runs: z.array(run), inlineExternalProperties: z.array(z.unknown()).nullish() });

type Run = z.output<typeof run>;
type Result = z.output<typeof result>;
type Rule = z.output<typeof rule>;

/** SARIF 2.1: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function readSarif(document: { readonly version?: unknown }, options: ReadingOptions): ReportRead {
  const { version } = document;
  if (version !== '2.1.0')
    return unreadable(
      `It is SARIF ${JSON.stringify(version) ?? 'of no version'}; 2.1.0 can be counted.`,
      'Let the tool write SARIF 2.1.0.',
    );
  const parsed = log.safeParse(document);
  if (!parsed.success) return unreadable(`It is not SARIF 2.1.0: ${shapeProblem(parsed.error)}.`);
  const { runs, inlineExternalProperties } = parsed.data;
  if (runs.length === 0)
    return unreadable('It has no runs: no tool has looked at anything.', 'Send the report of a scan.');
  if (inlineExternalProperties?.length)
    return unreadable('It keeps parts outside its runs (inlineExternalProperties), which are not counted.');
  const scans: Scan[] = [];
  for (const [at, one] of runs.entries()) {
    const scan = scanOf(one, at);
    if (isUnreadable(scan)) return scan;
    scans.push(scan);
  }
  return { ok: true, report: scanReport('sarif', scans, options) };
}

function scanOf(one: Run, at: number): Scan | Unreadable {
  const { tool, results, invocations, automationDetails, externalPropertyFileReferences } = one;
  const name = tool.driver.name ?? '';
  if (name === '') return unreadable(`runs[${at}] does not name its tool.`);
  const where = `runs[${at}] (${name})`;
  if (externalPropertyFileReferences?.results?.length)
    return unreadable(`${where} keeps its results in other files.`, 'Let the tool write one file.');
  if (invocations?.some(({ executionSuccessful }) => executionSuccessful === false))
    return unreadable(`${where} says that the tool has failed (executionSuccessful is false).`, 'Scan again.');
  // An empty list says that nothing was found; no list, that nobody has looked to the end.
  if (!results) return unreadable(`${where} has no results: the tool has not finished.`, 'Scan again.');
  const ruleOf = rulesOf(one);
  const ends = (invocations ?? []).map(({ endTimeUtc }) => instantOf(endTimeUtc)).filter((end) => end !== null);
  return {
    tool: name,
    version: tool.driver.semanticVersion ?? tool.driver.version ?? undefined,
    category: categoryOf(automationDetails?.id),
    observedAt: ends.length > 0 ? Math.max(...ends) : null,
    findings: results.map((found) => findingOf(found, ruleOf(found))),
  };
}

/** The id is `category/run`: what stands before the last slash is the same for every run of that kind. */
const categoryOf = (id: string | null | undefined): string | undefined => id?.replace(/\/[^/]*$/, '') ?? undefined;

const notFailures = new Set(['pass', 'notApplicable', 'informational']);

function findingOf(found: Result, its: Rule | undefined): Finding {
  if (found.kind && notFailures.has(found.kind)) return { skipped: 'not_a_failure' };
  if (isSuppressed(found)) return { skipped: 'suppressed' };
  if (found.baselineState === 'absent') return { skipped: 'absent_from_baseline' };
  const score = cvssScore(found.properties?.['security-severity']) ?? cvssScore(its?.properties?.['security-severity']);
  // The level has no critical, so that an error may be one: it says nothing that could be counted.
  return score === undefined ? 'unrated' : severityOfScore(score);
}

/** A suppression that is under review, or was rejected, suppresses nothing. */
const isSuppressed = ({ suppressions }: Result): boolean =>
  (suppressions ?? []).length > 0 && (suppressions ?? []).every(({ status }) => (status ?? 'accepted') === 'accepted');

/** How a result finds its rule: by its place in the component that it names, else by id, also of the rule above it. */
function rulesOf({ tool }: Run): (found: Result) => Rule | undefined {
  const components = [tool.driver, ...(tool.extensions ?? [])];
  const byId = new Map(
    components.flatMap(({ rules }) => rules ?? []).flatMap((one) => (one.id ? [[one.id, one] as const] : [])),
  );
  return ({ ruleId, ruleIndex, rule: named }) => {
    const extension = named?.toolComponent?.index;
    const within = typeof extension === 'number' && extension >= 0 ? tool.extensions?.[extension] : tool.driver;
    const byPlace = within?.rules?.[named?.index ?? ruleIndex ?? -1];
    const id = ruleId ?? named?.id;
    if (byPlace && (!id || !byPlace.id || id === byPlace.id || id.startsWith(`${byPlace.id}/`))) return byPlace;
    return id ? (byId.get(id) ?? byId.get(id.replace(/\/[^/]*$/, ''))) : undefined;
  };
}
