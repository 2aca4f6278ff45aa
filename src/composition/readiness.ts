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
  discoveryProblem: () => string | null,
): Promise<Readiness> {
  const mode = enabled ? 'enabled' : 'disabled';
  try {
    await database.query('select 1 from config_activations limit 1', [], 'ready');
    // Files that cannot be taken up are no reason to send requests elsewhere: what was in force goes on working.
    const reload = configuration.failedReload() !== null;
    const config = reload ? 'the changed files cannot be used: journey-cli config show' : 'ok';
    // What is known of the agents goes on serving while nobody says where others are.
    const agents = discoveryProblem();
    const checks = { database: 'ok', migrations: 'ok', config, agents: agents ?? 'ok' };
    return { ready: true, degraded: reload || agents !== null, mode, checks };
  } catch (error) {
    const said = error instanceof JourneyError ? error.code : 'failed';
    return { ready: false, degraded: false, mode, checks: { database: said } };
  }
}
