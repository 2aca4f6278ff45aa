import type { CollectingParts } from '#application/collecting/collect-due.ts';
import { collecting } from '#application/collecting/collect-due.ts';
import type { Collector } from '#application/collecting/collector.ts';
import { recordCollected } from '#application/collecting/record-collected.ts';
import type { Execute } from '#application/execute.ts';
import { SECOND } from '#core/time.ts';
import { again, type Scheduled } from '#scheduler/scheduler.ts';

const LOOK_EVERY_MS = 5 * SECOND;

/** Each collector at its own pace: one that is slow delays nobody but its own evidence. */
export function collectAgain(
  collectors: readonly Collector[],
  parts: Omit<CollectingParts, 'record'> & { readonly execute: Execute },
): readonly Scheduled[] {
  const record = recordCollected(parts);
  return collectors.map((collector) =>
    again(
      LOOK_EVERY_MS,
      `Collecting from ${collector.name}`,
      collecting(collector, { ...parts, record }),
      parts.clock,
      parts.logger,
    ),
  );
}
