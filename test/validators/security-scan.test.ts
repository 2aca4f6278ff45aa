import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import { judge, now, observation } from './judging.ts';

const parameters = { max_critical: 0, max_high: 5 };
const scan = (critical: number, high: number, more = {}) => observation({ critical, high, ...more });
const judged = (...seen: ReturnType<typeof scan>[]) => judge('SecurityScanValidator', parameters, seen);
const by = (subject: string, critical: number, high: number, observedAt = now - HOUR) =>
  observation({ critical, high }, { subject, observedAt });

describe('SecurityScanValidator', () => {
  test('S74: as many findings as are allowed pass', () => {
    expect(judged(scan(0, 5))).toMatchObject({ outcome: 'passed', measured: { critical: 0, high: 5 } });
  });

  test('S74: more findings than allowed fail and say how many must go', () => {
    expect(judged(scan(1, 7))).toMatchObject({
      outcome: 'failed',
      code: 'security_scan.too_many',
      target: { max_critical: 0, max_high: 5 },
      distance: '1 fewer critical, 2 fewer high',
    });
  });

  test('S74: a scan that never ran is unknown', () => {
    expect(judged()).toMatchObject({ outcome: 'unknown', code: 'evidence.none' });
  });

  test('S74: a scan from before the last finished work is unknown', () => {
    const old = observation({ critical: 0, high: 0 }, { observedAt: now - 2 * DAY - 1 });
    expect(judged(old)).toMatchObject({ outcome: 'unknown', code: 'scan.older_than_work' });
  });

  test('S74: the scan that is itself the last finished work counts', () => {
    const last = observation({ critical: 0, high: 0 }, { observedAt: now - 2 * DAY });
    expect(judged(last)).toMatchObject({ outcome: 'passed' });
  });

  test('S74: a stage without finished work has nothing that a scan could be older than', () => {
    const seen = [scan(0, 0)];
    expect(judge('SecurityScanValidator', parameters, seen, { workFinishedAt: null })).toMatchObject({
      outcome: 'passed',
    });
  });

  test('S74: a scan of another environment is unknown', () => {
    const outputs = { environment_id: 'env-a' };
    const other = [scan(0, 0, { environment_id: 'env-b' })];
    const same = [scan(0, 0, { environment_id: 'env-a' })];
    expect(judge('SecurityScanValidator', parameters, other, { outputs })).toMatchObject({
      outcome: 'unknown',
      code: 'scan.other_environment',
    });
    expect(judge('SecurityScanValidator', parameters, same, { outputs })).toMatchObject({ outcome: 'passed' });
  });

  test('S74: the findings of all tools are added up, of each only its newest', () => {
    expect(judged(by('trivy', 0, 3), by('codeql', 0, 2), by('trivy', 9, 9))).toMatchObject({
      outcome: 'passed',
      measured: { critical: 0, high: 5 },
    });
    expect(judged(by('codeql', 0, 0), by('trivy', 1, 0))).toMatchObject({ outcome: 'failed' });
  });

  test('S74: a tool that has not scanned since the last finished work is named', () => {
    expect(judged(by('codeql', 0, 0), by('trivy', 0, 0, now - 3 * DAY))).toMatchObject({
      outcome: 'unknown',
      code: 'scan.older_than_work',
      message: 'The scan by trivy is older than the last finished work of this stage.',
    });
  });

  test('fewer findings never turn a pass into anything else', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(10), fc.nat(10), fc.nat(10), (critical, high, lessCritical, lessHigh) => {
        if (judged(scan(critical, high)).outcome !== 'passed') return;
        const better = scan(Math.max(0, critical - lessCritical), Math.max(0, high - lessHigh));
        expect(judged(better).outcome).toBe('passed');
      }),
    );
  });
});
