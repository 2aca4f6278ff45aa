import { z } from 'zod';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import { noEvidence } from './seen.ts';
import { defineValidator } from './validator.ts';

export default defineValidator({
  name: 'PerformanceSLAValidator',
  evidence: 'performance',
  parameters: z.strictObject({
    p95_latency_max_ms: z.number().positive().max(3_600_000),
    error_rate_max: z.number().min(0).max(1),
    window_minutes: z.int().min(1).max(525_600).default(1_440),
    min_requests: z.int().min(1).max(1_000_000_000).default(100),
    max_age_hours: maxAgeHours(24),
  }),
  scope: 'stage',
  judge([newest], { p95_latency_max_ms, error_rate_max, window_minutes, min_requests }) {
    if (!newest)
      return noEvidence(
        'performance',
        { p95_latency_max_ms, error_rate_max },
        `measure p95 latency and errors over ${window_minutes} minutes`,
      );
    const { p95_ms, error_rate, requests, window_minutes: measuredWindow } = newest.value;
    const fields = { measured: { p95_ms, error_rate }, target: { p95_latency_max_ms, error_rate_max } };
    // No traffic has no errors and no latency, which must not read as a service that is fast and sound.
    if (requests < min_requests)
      return unknown('performance.too_few_requests', `Only ${requests} of ${min_requests} requests were measured.`, {
        ...fields,
        distance: `${min_requests - requests} more of ${min_requests} requests`,
      });
    if (measuredWindow !== undefined && measuredWindow < window_minutes)
      return unknown('performance.short_window', `Measured over ${measuredWindow} of ${window_minutes} minutes.`, {
        ...fields,
        distance: `figures over ${window_minutes} minutes`,
      });
    const over = [
      ...(p95_ms > p95_latency_max_ms ? [`p95 latency ${p95_ms} ms (at most ${p95_latency_max_ms})`] : []),
      ...(error_rate > error_rate_max ? [`error rate ${error_rate} (at most ${error_rate_max})`] : []),
    ];
    if (over.length > 0)
      return failed('performance.above_target', {
        ...fields,
        message: `Over ${requests} requests: ${over.join(', ')}.`,
        distance: `bring down ${over.join(' and ')}`,
      });
    return passed({
      ...fields,
      message: `p95 is ${p95_ms} ms and the error rate ${error_rate} over ${requests} requests.`,
    });
  },
});
