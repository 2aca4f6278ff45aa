import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { suiteStack } from '#test/support/mcp/stack.ts';
import { runCli } from './run-cli.ts';

const top = join(import.meta.dirname, '../../..');
const file = (path: string): string => readFileSync(join(top, path), 'utf8');
const examples = ['answers.csv', 'code-scan.sarif', 'dependencies.vex.cdx.json', 'image-scan.trivy.json'];
const files = Object.fromEntries(
  examples.map((name) => [`examples/evidence/${name}`, file(`examples/evidence/${name}`)]),
);

const criteria = [
  {
    check_id: 'security_scan',
    name: 'Scan',
    validator: 'SecurityScanValidator',
    parameters: { max_critical: 0, max_high: 5 },
  },
  {
    check_id: 'user_satisfaction',
    name: 'Survey',
    validator: 'UserSatisfactionValidator',
    parameters: { min_score: 4, min_responses: 3 },
  },
];
const stack = suiteStack({
  settings: { document: smallDocument([{ id: 'pilot', criteria, auto: false }, { id: 'production' }]) },
});

const start = (client_id: string) => stack.engine.call('journey.start', { client_id, data_sources: ['jira'] });
const cli = async (line: readonly string[], more: Readonly<Record<string, string>> = {}, token?: string) =>
  runCli(stack.url, line, {
    files: { ...files, ...more },
    newKey: randomUUID,
    variables: { JOURNEY_API_TOKEN: token ?? (await stack.token({ kind: 'user' })) },
  });
const criterion = async (client_id: string, check_id: string) => {
  const { criteria: all } = await stack.engine.show(client_id);
  return all.find((one: { readonly check_id: string }) => one.check_id === check_id);
};
const evidenceOf = async (client_id: string) =>
  (await stack.engine.call('evidence.show', { client_id })).evidence as readonly { readonly subject: string }[];

const trivy = (findings: readonly string[]) =>
  JSON.stringify({ SchemaVersion: 2, Results: [{ Vulnerabilities: findings.map((Severity) => ({ Severity })) }] });
const scanned = (report: string, ...more: string[]) =>
  cli(['evidence', 'import', '--client-id=tools', '--file=report', ...more], { report });

describe('evidence import', () => {
  test('S74 S77: every command of the documentation does what it says, on the files of the examples', async () => {
    await start('client-123');
    const page = file('docs/reports.md').replaceAll(/\\\n\s*/g, '');
    const lines = [...page.matchAll(/journey-cli -- (evidence import .*)$/gm)].map(([, line = '']) => line);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const words = [...line.matchAll(/(?:"[^"]*"|\S)+/g)].map(([word]) => word.replaceAll('"', ''));
      const { code, out, err } = await cli(words);
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      expect(out).toMatch(/recorded for client-123 in pilot/);
    }
    // CodeQL's 2, 1 of depscan, 1 of Trivy: no tool's report stands in the place of another's.
    expect(await criterion('client-123', 'security_scan')).toMatchObject({
      outcome: 'passed',
      measured: { critical: 0, high: 4 },
    });
    expect(await criterion('client-123', 'user_satisfaction')).toMatchObject({ outcome: 'passed', measured: 4.33 });
  });

  test('says on the terminal what was counted, what was left out, and what to mind', async () => {
    await start('table');
    const { out } = await cli(['evidence', 'import', '--client-id=table', '--file=examples/evidence/code-scan.sarif']);
    expect(out).toMatchInlineSnapshot(`
      "1 security_scan recorded for table in pilot, from sarif.

      By             Filed under        Counted                              Left out
      CodeQL 2.23.3  CodeQL/javascript  0 critical, 2 high, 0 medium, 0 low  1 suppressed, 1 absent from baseline

      Mind
      Findings of CodeQL/javascript without a severity: 1. They count as high.
      CodeQL/javascript does not say when it scanned: it counts as of now.
      "
    `);
  });

  test('S74: a second report of a tool succeeds its first, and a clean one of another tool hides nothing', async () => {
    await start('tools');
    await scanned(trivy(['CRITICAL']));
    await scanned(JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 'CodeQL' } }, results: [] }] }));
    await scanned(trivy([]), '--category=frontend');
    expect(await criterion('tools', 'security_scan')).toMatchObject({ outcome: 'failed', measured: { critical: 1 } });
    await scanned(trivy([]));
    expect(await criterion('tools', 'security_scan')).toMatchObject({ outcome: 'passed', measured: { critical: 0 } });
    expect((await evidenceOf('tools')).map(({ subject }) => subject)).toEqual([
      'trivy',
      'trivy/frontend',
      'CodeQL',
      'trivy',
    ]);
  });

  test('S77: a survey with one bad line records nothing and names it', async () => {
    await start('survey');
    const { code, err } = await cli(['evidence', 'import', '--client-id=survey', '--file=a.csv'], {
      'a.csv': 'respondent,score\nann,5\nben,10\ncarl,4\n',
    });
    expect(code).toBe(1);
    expect(err).toContain('line 3: its score is 10, not from 1 to 5. (report.unreadable)');
    expect(err).toContain('hint: Scores from 1 to 5 are taken; a scale from 0 to 10 is never converted.');
    expect(await evidenceOf('survey')).toEqual([]);
    expect(await criterion('survey', 'user_satisfaction')).toMatchObject({ outcome: 'unknown' });
  });

  test('a survey of the largest size is one event of the journey', async () => {
    await start('crowd');
    const lines = Array.from({ length: 2_000 }, (_, n) => `person-${n},${1 + (n % 5)}`);
    const { code, out } = await cli(['evidence', 'import', '--client-id=crowd', '--file=a.csv', '--format=json'], {
      'a.csv': ['respondent,score', ...lines].join('\n'),
    });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ recorded: 2_000, found: [{ figures: { answers: 2_000, mean: 3 } }] });
    const { events } = await stack.engine.call('journey.history', { client_id: 'crowd' });
    const recorded = events.filter(({ type }: { readonly type: string }) => type === 'evidence_recorded');
    expect(recorded).toHaveLength(1);
  });

  test('a report from before the stage is kept and does not count, and whoever sends it is told', async () => {
    await start('old');
    const report = JSON.stringify({ SchemaVersion: 2, CreatedAt: '2020-01-01T00:00:00Z', Results: [{}] });
    const { out } = await cli(['evidence', 'import', '--client-id=old', '--format=json', '--file=report'], {
      report,
    });
    expect(JSON.parse(out)).toMatchObject({
      recorded: 1,
      warnings: ['What was observed before this stage was entered is kept and shown, and does not count for it.'],
    });
    expect(await criterion('old', 'security_scan')).toMatchObject({ outcome: 'unknown' });
  });

  test('a token may import only what it may record, and a report from the future is refused', async () => {
    await start('rights');
    const scanner = await stack.token({ kind: 'agent', roles: ['viewer'], evidence_kinds: ['security_scan'] });
    const send = (name: string, more: Readonly<Record<string, string>> = {}) =>
      cli(['evidence', 'import', '--client-id=rights', `--file=${name}`], more, scanner);
    expect(await send('examples/evidence/image-scan.trivy.json')).toMatchObject({ code: 0 });
    const survey = await send('examples/evidence/answers.csv');
    expect(survey.err).toContain('does not count for survey_response. (evidence.source_not_accepted)');
    const CreatedAt = new Date(Date.now() + 3_600_000).toISOString();
    const future = await send('report', { report: JSON.stringify({ SchemaVersion: 2, CreatedAt, Results: [{}] }) });
    expect(future.err).toContain('(evidence.from_future)');
    expect(await evidenceOf('rights')).toHaveLength(1);
  });

  test('a name of a tool that no terminal could show is refused', async () => {
    await start('names');
    const report = JSON.stringify({
      version: '2.1.0',
      runs: [{ tool: { driver: { name: 'evil\u0007' } }, results: [] }],
    });
    const { err } = await cli(['evidence', 'import', '--client-id=names', '--file=report'], { report });
    expect(err).toContain('must not contain control characters. (report.unreadable)');
  });
});
