import { z } from 'zod';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import type { EvidenceValue } from './evidence-kinds.ts';
import { bestBySubject, noEvidence } from './seen.ts';
import { defineValidator, type Seen } from './validator.ts';

const maximum = z.int().min(0).max(1_000_000);

export default defineValidator({
  name: 'SecurityScanValidator',
  evidence: 'security_scan',
  parameters: z.strictObject({ max_critical: maximum, max_high: maximum, max_age_hours: maxAgeHours(null) }),
  scope: 'stage',
  judge(seen, { max_critical, max_high }, { workFinishedAt, outputs }) {
    // A scan of each tool: the clean report of one says nothing of what another has found.
    const scans = [...bestBySubject(seen).values()];
    if (scans.length === 0)
      return noEvidence('security_scan', { max_critical, max_high }, 'run a security scan of this environment');
    const critical = total(scans, 'critical');
    const high = total(scans, 'high');
    const fields = { measured: { critical, high }, target: { max_critical, max_high } };
    const here = outputs['environment_id'];
    const elsewhere = scans.find(
      ({ value: { environment_id } }) => environment_id !== undefined && environment_id !== here,
    );
    if (elsewhere && typeof here === 'string')
      return unknown(
        'scan.other_environment',
        `${theScan(elsewhere)} is of ${elsewhere.value.environment_id}, this client's environment is ${here}.`,
        { ...fields, distance: `a scan of ${here}` },
      );
    // The scan is usually the last task itself, observed at the very instant that its result is recorded: equal counts.
    const old = scans.find(({ observedAt }) => workFinishedAt !== null && observedAt < workFinishedAt);
    if (old)
      return unknown('scan.older_than_work', `${theScan(old)} is older than the last finished work of this stage.`, {
        ...fields,
        distance: 'a new scan of what stands there now',
      });
    const over = [...tooMany('critical', critical, max_critical), ...tooMany('high', high, max_high)];
    if (over.length > 0)
      return failed('security_scan.too_many', {
        ...fields,
        message: `Open findings: ${over.map(({ says }) => says).join(', ')}.`,
        distance: over.map(({ fix }) => fix).join(', '),
      });
    return passed({ ...fields, message: `${critical} critical and ${high} high findings.` });
  },
});

type Scan = Seen<EvidenceValue<'security_scan'>>;

const total = (scans: readonly Scan[], severity: 'critical' | 'high'): number =>
  scans.reduce((sum, { value }) => sum + value[severity], 0);

const theScan = ({ subject }: Scan): string => (subject === '-' ? 'The scan' : `The scan by ${subject}`);

const tooMany = (severity: string, measured: number, most: number) =>
  measured > most
    ? [{ says: `${measured} ${severity} (at most ${most})`, fix: `${measured - most} fewer ${severity}` }]
    : [];
