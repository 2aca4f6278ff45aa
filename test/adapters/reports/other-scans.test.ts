import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReport } from '#adapters/reports/read-report.ts';
import { example, figures, read, refused } from './reading.ts';

const none = { critical: 0, high: 0, medium: 0, low: 0 };

const vex = (vulnerabilities: unknown, more: object = {}) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  ...more,
  ...(vulnerabilities === undefined ? {} : { vulnerabilities }),
});

const trivy = (...Results: object[]) => ({ SchemaVersion: 2, ArtifactName: 'image', Results });

describe('a CycloneDX document', () => {
  test('S74: is counted by the worst rating of each vulnerability that still concerns the client', () => {
    const { observations, found, warnings } = read(example('dependencies.vex.cdx.json'));
    expect(observations).toEqual([
      { subject: 'depscan', value: { critical: 0, high: 1, medium: 1, low: 0 }, observedAt: null },
    ]);
    expect(found[0]).toMatchObject({ by: 'depscan 6.0.0', skipped: { not_affected: 1, resolved: 1 } });
    expect(warnings).toEqual(['depscan does not say when it scanned: it counts as of now.']);
    expect(read(example('dependencies.vex.cdx.json'), { dated: true }).warnings).toEqual([]);
  });

  test.each([
    ['the worst of several ratings', { ratings: [{ severity: 'low' }, { severity: 'critical' }] }, 'critical'],
    ['a score of CVSS without a word', { ratings: [{ score: 7, method: 'CVSSv4' }] }, 'high'],
    ['as high by the score of another method', { ratings: [{ score: 2, method: 'OWASP' }] }, 'high'],
    ['as high when it is not known how bad it is', { ratings: [{ severity: 'unknown' }] }, 'high'],
    ['as high without ratings', {}, 'high'],
    ['while it is looked into', { ratings: [{ severity: 'medium' }], analysis: { state: 'in_triage' } }, 'medium'],
    ['as low when it is only information', { ratings: [{ severity: 'info' }] }, 'low'],
  ])('a vulnerability counts: %s', (_how, vulnerability, severity) => {
    expect(figures(vex([vulnerability]))).toEqual({ ...none, [severity]: 1 });
  });

  test.each(['not_affected', 'resolved', 'resolved_with_pedigree', 'false_positive'])('%s is left out', (state) => {
    const { found } = read(vex([{ ratings: [{ severity: 'critical' }], analysis: { state } }]));
    expect(found).toMatchObject([{ figures: none, skipped: { [state]: 1 } }]);
  });

  test('one that was withdrawn is left out', () => {
    expect(read(vex([{ rejected: '2026-01-01T00:00:00Z' }])).found).toMatchObject([{ skipped: { rejected: 1 } }]);
  });

  test('its tools may stand in a list as older versions have it, and its time counts', () => {
    const metadata = { timestamp: '2026-02-01T09:00:00Z', tools: [{ vendor: 'x', name: 'grype', version: '0.9' }] };
    expect(read(vex([{}], { metadata }))).toMatchObject({
      observations: [{ subject: 'grype', observedAt: Date.parse('2026-02-01T09:00:00Z') }],
    });
  });

  test.each([
    ['another version', vex([{}], { specVersion: '1.3' }), 'It is CycloneDX "1.3"; 1.5, 1.6, 1.7 can be counted.'],
    ['no vulnerabilities', vex(undefined), 'It lists no vulnerabilities'],
    ['an empty list of them, as one that was never scanned has', vex([]), 'It lists no vulnerabilities'],
    ['a strange shape', vex([{ ratings: 'bad' }]), 'vulnerabilities[0].ratings: Invalid input'],
  ])('with %s is refused', (_what, document, why) => {
    expect(refused(document)).toContain(why);
  });
});

describe('a report of Trivy', () => {
  test('S74: is counted over all its targets, and says what was left out', () => {
    expect(read(example('image-scan.trivy.json'))).toMatchObject({
      format: 'trivy',
      observations: [{ subject: 'trivy', value: { critical: 0, high: 1, medium: 1, low: 1 } }],
      found: [{ by: 'trivy 0.67.2', skipped: { not_affected: 1, not_a_failure: 1 } }],
    });
  });

  test('secrets count, licences do not, and what Trivy was told to leave out is told', () => {
    const { found } = read(
      trivy({
        Secrets: [{ Severity: 'CRITICAL' }],
        Licenses: [{ Severity: 'CRITICAL' }],
        ExperimentalModifiedFindings: [{ Type: 'vulnerability', Status: 'ignored' }],
      }),
    );
    expect(found).toMatchObject([{ figures: { ...none, critical: 1 }, skipped: { licence: 1, suppressed: 1 } }]);
  });

  test('one without a known severity counts as high, and that is said', () => {
    const { found, warnings } = read(trivy({ Vulnerabilities: [{ Severity: 'UNKNOWN' }, {}] }));
    expect(found).toMatchObject([{ figures: { ...none, high: 2 } }]);
    expect(warnings[0]).toBe('Findings of trivy without a severity: 2. They count as high.');
  });

  test('a target without findings is a clean one', () => {
    expect(figures(trivy({ Target: 'image (debian)', Class: 'os-pkgs' }))).toEqual(none);
  });

  test('its time counts, to the nanosecond as it writes it', () => {
    const document = { ...trivy({}), CreatedAt: '2026-02-01T10:00:00.123456789+01:00' };
    expect(read(document).observations).toMatchObject([{ observedAt: Date.parse('2026-02-01T09:00:00.123Z') }]);
  });

  test.each([
    ['nothing that it could scan', { SchemaVersion: 2, ArtifactName: 'scratch' }, 'found nothing that it could scan'],
    ['another schema', { SchemaVersion: 1, Results: [] }, 'Its SchemaVersion is 1; 2 can be counted.'],
    ['a strange shape', trivy({ Vulnerabilities: {} }), 'Results[0].Vulnerabilities: Invalid input'],
  ])('with %s is refused', (_what, document, why) => {
    expect(refused(document)).toContain(why);
  });
});

describe('whatever is sent', () => {
  const sarif = example('code-scan.sarif');

  test('a mark of its encoding and other line ends change nothing', () => {
    const sent = `\ufeff${JSON.stringify(JSON.parse(sarif), null, 2).replaceAll('\n', '\r\n')}`;
    expect(read(sent)).toEqual(read(sarif));
  });

  test('a report that was cut off anywhere is refused', () => {
    const whole = JSON.stringify(JSON.parse(sarif));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(readReport(whole.slice(0, length), {}).ok).toBe(false);
      }),
    );
  });

  test.each([
    ['nothing', '', 'It is empty.'],
    ['blanks', ' \r\n', 'It is empty.'],
    [
      'JSON that is none of them',
      '{"findings": []}',
      'It is JSON, but neither SARIF nor CycloneDX nor a report of Trivy.',
    ],
    ['a list', '[]', 'Its JSON is no object.'],
    ['what could be two of them', '{"runs": [], "bomFormat": "CycloneDX"}', 'It is JSON, but neither'],
    ['JSON nested without end', '['.repeat(100_000), 'It nests deeper than 64 levels.'],
    ['millions of values', `{"runs":[${'0,'.repeat(1_000_001)}0]}`, 'It holds more than 1000000 values.'],
  ])('%s is refused', (_what, text, why) => {
    expect(refused(text)).toContain(why);
  });

  test('a format that it is not is refused, and names the one that it is', () => {
    expect(refused(sarif, { format: 'trivy' })).toBe('It is sarif, not trivy. Leave report_format out, or say sarif.');
    expect(refused(sarif, { format: 'survey-csv' })).toContain('It is JSON, not CSV.');
    expect(refused('respondent,score\nann,5', { format: 'sarif' })).toContain('It is not JSON, as sarif is.');
    expect(refused({ Results: [] }, { format: 'trivy' })).toContain('Its SchemaVersion is missing');
  });

  test('no JSON whatever makes it throw', () => {
    const parts = fc.dictionary(
      fc.constantFrom('runs', 'version', 'bomFormat', 'specVersion', 'vulnerabilities', 'SchemaVersion', 'Results'),
      fc.oneof(fc.jsonValue(), fc.constantFrom('2.1.0', 'CycloneDX', '1.6', 2)),
    );
    fc.assert(
      fc.property(parts, (document) => {
        expect(() => readReport(JSON.stringify(document), {})).not.toThrow();
      }),
    );
  });
});
