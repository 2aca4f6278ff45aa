import type { Configuration } from '#application/configuration.ts';
import type { Engine } from '#application/engine.ts';
import type { Clock, Logger } from '#application/ports.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import { again, onCron, type Scheduled } from '#scheduler/scheduler.ts';
import type { Settings } from '#settings/settings.ts';

const LOOK_EVERY_MS = SECOND;
const REFRESH_EVERY_MS = 5 * SECOND;
const PRUNE_EVERY_MS = 10 * MINUTE;

/** What is done again and again, by a replica that may work and by one that only answers. */
export function schedule(
  { enabled, polling }: Settings,
  engine: Engine & { readonly copyEvents: (() => void) | null },
  configuration: Configuration,
  pruneNow: (stopping: AbortSignal) => Promise<void>,
  clock: Clock,
  logger: Logger,
): readonly Scheduled[] {
  const always = [
    again(REFRESH_EVERY_MS, 'Finding out which configuration decides', configuration.refresh, clock, logger),
    again(LOOK_EVERY_MS, 'Looking at circuit breakers', engine.lookAtBreakers, clock, logger),
    again(LOOK_EVERY_MS, 'Taking up changed configuration files', configuration.look, clock, logger),
  ];
  if (!enabled) return always;
  return [
    ...always,
    again(LOOK_EVERY_MS, 'Admitting journeys', engine.admit, clock, logger),
    again(LOOK_EVERY_MS, 'Looking for abandoned work', engine.look, clock, logger),
    again(PRUNE_EVERY_MS, 'Pruning', pruneNow, clock, logger),
    again(LOOK_EVERY_MS, 'Looking for messages that are due', async () => engine.relay(), clock, logger),
    ...(engine.copyEvents === null
      ? []
      : [again(LOOK_EVERY_MS, 'Looking for events to copy', async () => engine.copyEvents?.(), clock, logger)]),
    onCron(polling.cron, 'Evaluating exit criteria', engine.evaluate, logger),
  ];
}
