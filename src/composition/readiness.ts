import type { Configuration } from '#application/configuration.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { JourneyError } from '#core/errors.ts';
import type { Settings } from '#settings/settings.ts';

export type Readiness = {
  readonly ready: boolean;
  /** It works, but something should be looked at. */
  readonly degraded: boolean;
  readonly mode: 'enabled' | 'disabled';
  readonly checks: { readonly [check: string]: string };
};

export async function readinessOf(
  { enabled }: Settings,
  database: Database,
  configuration: Configuration,
  /** Others that journeys do not wait for; null: not configured. Whatever is not `ok` degrades. */
  others: { readonly [check: string]: string | null } = {},
): Promise<Readiness> {
  const mode = enabled ? 'enabled' : 'disabled';
  try {
    await database.query('select 1 from config_activations limit 1', [], 'ready');
    // Files that cannot be taken up are no reason to send requests elsewhere: what was in force goes on working.
    const failedReload = configuration.failedReload() !== null;
    const config = failedReload ? 'the changed files cannot be used: journey-cli config show' : 'ok';
    const present = Object.fromEntries(
      Object.entries(others).filter((one): one is [string, string] => one[1] !== null),
    );
    const degraded = failedReload || Object.values(present).some((said) => said !== 'ok');
    return { ready: true, degraded, mode, checks: { database: 'ok', migrations: 'ok', config, ...present } };
  } catch (error) {
    const said = error instanceof JourneyError ? error.code : 'failed';
    return { ready: false, degraded: false, mode, checks: { database: said } };
  }
}
