import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { example, figures, read, refused } from './reading.ts';

const rules = [
  { id: 'a', properties: { 'security-severity': '9.0' } },
  { id: 'b', properties: { 'security-severity': '8.9' } },
  { id: 'c', properties: { 'security-severity': '6.9' } },
  { id: 'd', properties: { 'security-severity': '3.9' } },
  { id: 'e', properties: {} },
];
const run = (results: unknown, more: object = {}) => ({
  tool: { driver: { name: 'scanner', version: '1', rules } },
  ...(results === undefined ? {} : { results }),
  ...more,
});
const sarif = (...runs: object[]) => ({ version: '2.1.0', runs });
const found = (result: object, more: object = {}) => sarif(run([{ ruleId: 'a', ...result }], more));
const at = (endTimeUtc: string) => ({ invocations: [{ executionSuccessful: true, endTimeUtc }] });
const sum = (of: object): number => Object.values(of).reduce((total: number, one: number) => total + one, 0);
const none = { critical: 0, high: 0, medium: 0, low: 0 };

describe('a SARIF report', () => {
  test('S74: is counted by the scores of its rules, without what is suppressed or gone, and says what was left out', () => {
    expect(read(example('code-scan.sarif'))).toEqual({
      format: 'sarif',
      kind: 'security_scan',
      observations: [
        { subject: 'CodeQL/javascript', value: { critical: 0, high: 2, medium: 0, low: 0 }, observedAt: null },
      ],
      found: [
        {
          by: 'CodeQL 2.23.3',
          subject: 'CodeQL/javascript',
          figures: { critical: 0, high: 2, medium: 0, low: 0 },
          skipped: { suppressed: 1, absent_from_baseline: 1 },
        },
      ],
      warnings: [
        'Findings of CodeQL/javascript without a severity: 1. They count as high.',
        'CodeQL/javascript does not say when it scanned: it counts as of now.',
      ],
    });
  });

  test.each([
    ['critical from 9.0', { ruleId: 'a' }, 'critical'],
    ['high from 7.0', { ruleId: 'b' }, 'high'],
    ['medium from 4.0', { ruleId: 'c' }, 'medium'],
    ['low below', { ruleId: 'd' }, 'low'],
    ['by its own score before that of its rule', { properties: { 'security-severity': 2 } }, 'low'],
    ['by the rule above, where its id is a part of that', { ruleId: 'a/7' }, 'critical'],
    ['by the place of its rule', { ruleId: undefined, ruleIndex: 2 }, 'medium'],
    ['by the id, where the place leads to another rule', { ruleId: 'a', ruleIndex: 3 }, 'critical'],
    ['by its own words for a rule', { ruleId: undefined, rule: { id: 'd' } }, 'low'],
    ['as high without a score, however mild its level', { ruleId: 'e', level: 'note' }, 'high'],
    ['as high when its rule is not there', { ruleId: 'z' }, 'high'],
    ['as high with a score that is none', { ruleId: 'e', properties: { 'security-severity': '11' } }, 'high'],
    ['when it is under review', { kind: 'review' }, 'critical'],
    ['when its suppression was rejected', { suppressions: [{ kind: 'external', status: 'rejected' }] }, 'critical'],
    [
      'when its suppression is under review',
      { suppressions: [{ status: 'accepted' }, { status: 'underReview' }] },
      'critical',
    ],
    ['when nothing suppresses it', { suppressions: [] }, 'critical'],
    ['when it was there before', { baselineState: 'unchanged' }, 'critical'],
  ])('a finding counts %s', (_when, result, severity) => {
    expect(figures(found(result))).toEqual({ ...none, [severity]: 1 });
  });

  test.each([
    ['suppressed', { suppressions: [{ kind: 'inSource' }] }],
    ['absent_from_baseline', { baselineState: 'absent' }],
    ['not_a_failure', { kind: 'pass' }],
    ['not_a_failure', { kind: 'informational' }],
  ])('a finding that is %s is left out and told', (reason, result) => {
    expect(read(found(result)).found).toEqual([
      { by: 'scanner 1', subject: 'scanner', figures: none, skipped: { [reason]: 1 } },
    ]);
  });

  test('a rule may stand in an extension of the tool', () => {
    const extended = {
      tool: { driver: { name: 'scanner' }, extensions: [{ name: 'pack', rules }] },
      results: [{ ruleId: 'c', rule: { index: 2, toolComponent: { index: 0 } } }, { ruleId: 'd' }],
    };
    expect(figures(sarif(extended))).toEqual({ ...none, medium: 1, low: 1 });
  });

  test('each tool and category is an observation of its own; runs of the same are added up, as fresh as the oldest', () => {
    const { observations, warnings } = read(
      sarif(
        run([{ ruleId: 'a' }], at('2026-02-01T10:00:00Z')),
        run([{ ruleId: 'a' }], at('2026-02-01T09:00:00.123Z')),
        run([], { ...at('2026-02-01T11:00:00Z'), automationDetails: { id: 'nightly/' } }),
      ),
    );
    expect(observations).toEqual([
      { subject: 'scanner', value: { ...none, critical: 2 }, observedAt: Date.parse('2026-02-01T09:00:00.123Z') },
      { subject: 'scanner/nightly', value: none, observedAt: Date.parse('2026-02-01T11:00:00Z') },
    ]);
    expect(warnings).toEqual([]);
  });

  test('what is said with the import comes before what the report says of its category', () => {
    const { observations } = read(found({}, { automationDetails: { id: 'nightly/' } }), {
      category: 'backend',
      environmentId: 'env-7',
    });
    expect(observations).toMatchObject([
      { subject: 'scanner/backend', value: { critical: 1, environment_id: 'env-7' } },
    ]);
  });

  test.each([
    ['another version', { version: '2.0.0', runs: [] }, 'It is SARIF "2.0.0"; 2.1.0 can be counted.'],
    ['no version', { runs: [] }, 'It is SARIF of no version'],
    ['no runs', sarif(), 'It has no runs: no tool has looked at anything.'],
    ['a run without results', sarif(run([]), run(undefined)), 'runs[1] (scanner) has no results'],
    ['a run with null for results', sarif(run(null)), 'has no results: the tool has not finished'],
    [
      'a tool that failed',
      found({}, { invocations: [{ executionSuccessful: false }] }),
      'says that the tool has failed',
    ],
    ['results in other files', found({}, { externalPropertyFileReferences: { results: [{}] } }), 'in other files'],
    ['parts outside its runs', { ...sarif(run([])), inlineExternalProperties: [{}] }, 'inlineExternalProperties'],
    ['a tool without a name', sarif({ tool: { driver: {} }, results: [] }), 'runs[0] does not name its tool.'],
    ['results of a strange shape', sarif(run([{ ruleId: 7 }])), 'runs[0].results[0].ruleId: Invalid input'],
    ['no list of runs', { version: '2.1.0', runs: {} }, 'runs: Invalid input'],
  ])('with %s is refused', (_what, document, why) => {
    expect(refused(document)).toContain(why);
  });

  test('S74: whatever its findings are, none is lost: each is counted or told as left out, and unknown is never mild', () => {
    const finding = fc.record(
      {
        ruleId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'nowhere'),
        level: fc.constantFrom('error', 'warning', 'note', 'none'),
        kind: fc.constantFrom('fail', 'pass', 'open', 'informational'),
        baselineState: fc.constantFrom('new', 'absent', 'unchanged'),
        suppressions: fc.array(fc.record({ status: fc.constantFrom('accepted', 'rejected') }), { maxLength: 2 }),
        properties: fc.record({ 'security-severity': fc.oneof(fc.float(), fc.string(), fc.constant(null)) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 30 }), (results) => {
        const [counted] = read(sarif(run(results))).found;
        expect(sum(counted?.figures ?? {}) + sum(counted?.skipped ?? {})).toBe(results.length);
      }),
    );
  });
});
