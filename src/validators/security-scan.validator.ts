import { z } from 'zod';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import { noEvidence } from './seen.ts';
import { defineValidator } from './validator.ts';

const maximum = z.int().min(0).max(1_000_000);

export default defineValidator({
  name: 'SecurityScanValidator',
  evidence: 'security_scan',
  parameters: z.strictObject({ max_critical: maximum, max_high: maximum, max_age_hours: maxAgeHours(null) }),
  scope: 'stage',
  judge([newest], { max_critical, max_high }, { workFinishedAt, outputs }) {
    if (!newest)
      return noEvidence('security_scan', { max_critical, max_high }, 'run a security scan of this environment');
    const { critical, high, environment_id } = newest.value;
    const fields = { measured: { critical, high }, target: { max_critical, max_high } };
    const here = outputs['environment_id'];
    if (environment_id !== undefined && typeof here === 'string' && here !== environment_id)
      return unknown(
        'scan.other_environment',
        `The scan is of ${environment_id}, this client's environment is ${here}.`,
        {
          ...fields,
          distance: `a scan of ${here}`,
        },
      );
    // The scan is usually the last task itself, observed at the very instant that its result is recorded: equal counts.
    if (workFinishedAt !== null && newest.observedAt < workFinishedAt)
      return unknown('scan.older_than_work', 'The scan is older than the last finished work of this stage.', {
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

const tooMany = (severity: string, measured: number, most: number) =>
  measured > most
    ? [{ says: `${measured} ${severity} (at most ${most})`, fix: `${measured - most} fewer ${severity}` }]
    : [];
