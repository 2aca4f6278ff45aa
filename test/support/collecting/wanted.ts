import type { Wanted } from '#application/collecting/collector.ts';
import type { JsonObject } from '#core/json.ts';
import { DAY } from '#core/time.ts';

const NOW = Date.UTC(2026, 0, 31);

/** Evidence that is due for `acme`, ten days after it entered its stage. */
export const wantedOf = (kind: string, parameters: JsonObject = {}, more: Partial<Wanted> = {}): Wanted => ({
  clientId: 'acme',
  kind,
  stage: 'pilot',
  stageStartedAt: NOW - 10 * DAY,
  now: NOW,
  criteria: [{ checkId: kind, parameters }],
  inputs: {},
  metadata: {},
  outputs: {},
  known: [],
  ...more,
});
