import { z } from 'zod';
import { requiredConnectors } from '#core/criteria/connectors.ts';
import { failed, passed, unknown } from '#core/criteria/verdict.ts';
import { maxAgeHours } from './age.ts';
import { connectorStatuses } from './evidence-kinds.ts';
import { bestBySubject } from './seen.ts';
import { defineValidator } from './validator.ts';

export default defineValidator({
  name: 'ConnectorStatusValidator',
  evidence: 'connector_status',
  parameters: z.strictObject({
    min_sync_status: z.enum(connectorStatuses),
    required_connectors: z.union([z.literal('all'), z.array(z.string().min(1).max(128)).min(1).max(1_000)]),
    max_age_hours: maxAgeHours(24),
  }),
  scope: 'stage',
  judge(seen, { min_sync_status, required_connectors }, context) {
    const required = requiredConnectors(required_connectors, context);
    // "All of none" is true in logic and would promote a client that has nothing connected.
    if (required.length === 0)
      return unknown('connectors.none', 'No connectors are installed and no data sources are named.', {
        distance: 'at least one installed connector',
      });
    const known = bestBySubject(seen);
    const statuses = required.flatMap((name) => {
      const status = known.get(name)?.value.status;
      return status === undefined ? [] : [{ name, status, enough: rank(status) >= rank(min_sync_status) }];
    });
    const measured = Object.fromEntries(statuses.map(({ name, status }) => [name, status]));
    const below = statuses.filter(({ enough }) => !enough).map(({ name, status }) => `${name} (${status})`);
    // One that is known to be too low is a failure, whatever the unknown ones turn out to be.
    if (below.length > 0)
      return failed('connectors.below_status', {
        measured,
        target: min_sync_status,
        message: `Under ${min_sync_status}: ${below.join(', ')}.`,
        distance: `${below.join(', ')} to at least ${min_sync_status}`,
      });
    const missing = required.filter((name) => !known.has(name));
    if (missing.length > 0)
      return unknown('connectors.missing', `No fresh status of ${missing.join(', ')}.`, {
        measured,
        target: min_sync_status,
        distance: `the status of ${missing.join(', ')}`,
      });
    return passed({
      measured,
      target: min_sync_status,
      message: `All ${required.length} connectors are at least ${min_sync_status}.`,
    });
  },
});

const rank = (status: (typeof connectorStatuses)[number]): number => connectorStatuses.indexOf(status);
