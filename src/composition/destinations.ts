import type { Destination } from '#application/relay/destination.ts';
import type { Clock } from '#application/ports.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { crmWebhook } from '#adapters/outbound/crm-webhook.ts';
import { guardedPost } from '#adapters/outbound/guarded-post.ts';
import { settingsError, shown } from '#settings/problem.ts';
import type { Settings } from '#settings/settings.ts';

/** A webhook that could never be sent is told at the start, and not by dead letters days later. */
export function checkDestinations({ crm, outbound }: Settings): void {
  if (crm === null) return;
  const url = new URL(crm.url);
  const problem = addressGuard(outbound).problemOfUrl(url);
  if (problem === undefined) return;
  // Paths and queries of webhooks often are their passwords.
  const value = shown(url.origin);
  throw settingsError([
    { where: 'environment', path: 'CRM_WEBHOOK_URL', value, allowed: `may not be called: ${problem}` },
  ]);
}

/** Who is told, by what the settings name. */
export function destinationsOf({ crm, outbound }: Settings, clock: Clock): readonly Destination[] {
  const post = guardedPost(addressGuard(outbound));
  return crm === null ? [] : [crmWebhook({ ...crm, post, clock })];
}
