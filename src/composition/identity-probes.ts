import type { Probe } from '#application/probes.ts';
import type { Clock } from '#application/ports.ts';
import { systemClock } from '#adapters/clock.ts';
import { oidcProbe } from '#adapters/oidc/oidc-probe.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { clockProbe, rightsProbe } from '#adapters/postgres/server-probes.ts';
import type { Settings } from '#settings/settings.ts';

/** Who may come in, whose clock is right, and who can edit the record. */
export const identityProbes = (
  { oidc }: Pick<Settings, 'oidc'>,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
): readonly Probe[] => [oidcProbe(oidc, clock), clockProbe(database, systemClock().machine), rightsProbe(database)];
