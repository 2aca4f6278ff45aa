import type { Journey } from '../journey/journey.ts';
import type { Plan } from '../plan.ts';
import type { Instant } from '../time.ts';
import { withoutStop, type Blocker } from './blocker.ts';

/** What stops the journey as a whole. */
export function lifecycleBlockers(
  { maxConcurrentJourneys }: Plan,
  { clientId, status, startedAt, pause, override }: Journey,
  queuePosition: number | null,
  now: Instant,
): readonly Blocker[] {
  if (status === 'queued')
    return [
      {
        kind: 'queued',
        subject: clientId,
        message: `all ${maxConcurrentJourneys} places are taken, and it is number ${queuePosition ?? '?'} in the queue`,
        owner: 'us',
        since: startedAt,
        action: {
          text: 'wait for a place, complete a journey that needs its own no more, or raise max_concurrent_journeys',
          call: null,
        },
      },
    ];
  const blockers: Blocker[] = [];
  if (pause)
    blockers.push({
      kind: 'paused',
      subject: clientId,
      message: `it is paused: ${withoutStop(pause.reason)}`,
      owner: 'us',
      since: pause.since,
      action: { text: 'resume it', call: { does: 'resume' } },
    });
  // One that has expired waits for nobody any more.
  if (override && now <= override.expiresAt)
    blockers.push({
      kind: 'override_pending',
      subject: override.id,
      message: `${override.requestedBy} wants to pass the shut gate: ${withoutStop(override.reason)}`,
      owner: 'us',
      since: override.requestedAt,
      action: {
        text: `let somebody other than ${override.requestedBy} confirm it`,
        call: { does: 'confirm_override', overrideId: override.id },
      },
    });
  return blockers;
}

/** A configuration that could not be read holds up nothing that is under way, only what somebody expects of it. */
export const reloadBlocker = ({ at, problem }: { readonly at: Instant; readonly problem: string }): Blocker => ({
  kind: 'config_reload_failed',
  subject: 'configuration',
  message: `the new configuration is not in force, since it cannot be read: ${withoutStop(problem)}`,
  owner: 'us',
  since: at,
  action: { text: 'correct the configuration files; the old ones stay in force meanwhile', call: null },
});
