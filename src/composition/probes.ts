import { statfs } from 'node:fs/promises';
import { buildText, type Build } from '#application/build.ts';
import type { EventCopy } from '#application/event-relay/verify-stream.ts';
import type { Configuration } from '#application/configuration.ts';
import type { SlackProbe } from '#application/dependencies.ts';
import type { AgentGateway, Clock } from '#application/ports.ts';
import type { Finding, Probe } from '#application/probes.ts';
import { findingsOfServer } from '#application/use-cases/lint-config.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { reach } from '#adapters/outbound/reach-probe.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { databaseProbe } from '#adapters/postgres/database-probe.ts';
import { migrationsDirectory } from '#adapters/postgres/migrate.ts';
import type { Settings } from '#settings/settings.ts';
import { agentProbes } from './agents.ts';
import { collectorProbes } from './collectors.ts';
import { identityProbes } from './identity-probes.ts';
import { issueTrackerProbes } from './issue-trackers.ts';
import { eventStoreProbe } from './event-store.ts';
import { notificationProbes } from './notifications.ts';

export type Probed = {
  readonly settings: Settings;
  readonly database: Database;
  readonly configuration: Configuration;
  readonly slack: SlackProbe;
  readonly gateway: AgentGateway;
  readonly eventCopy: EventCopy | null;
  readonly clock: Clock;
  readonly build: Build;
  /** The name of this process among the replicas. */
  readonly process: string;
};

/** Everything that `doctor` looks at, in the order in which it is shown. */
export const probesOf = (probed: Probed): readonly Probe[] => [
  serverProbe(probed),
  databaseProbe({
    database: probed.database,
    poolMax: probed.settings.store.poolMax,
    migrations: migrationsDirectory,
    now: probed.clock.machine,
  }),
  ...(probed.settings.store.kind === 'embedded' ? [diskProbe(probed.settings.store.dataDir)] : []),
  ...identityProbes(probed.settings, probed),
  configurationProbe(probed.configuration),
  crmProbe(probed),
  slackProbe(probed.slack),
  eventStoreProbe(probed.settings, probed.eventCopy),
  ...notificationProbes(probed.settings, probed.clock),
  ...collectorProbes(probed.settings),
  ...issueTrackerProbes(probed.settings, probed.clock),
  ...agentProbes(probed.settings, probed.gateway, probed.clock),
];

/** Which of the replicas has looked: behind a Service the next one may find something else. */
const serverProbe = ({ settings: { enabled }, build, process }: Probed): Probe => ({
  name: 'server',
  look: async () => {
    const said = `${buildText(build)}, replica ${process}`;
    return [
      enabled
        ? { state: 'ok', said }
        : {
            state: 'warning',
            said: `${said}, switched off: it answers, and does nothing by itself`,
            hint: 'JOURNEY_ORCHESTRATOR_ENABLED=true switches it on.',
          },
    ];
  },
});

const GIB = 1024 ** 3;

const diskProbe = (folder: string): Probe => ({
  name: 'disk',
  look: async () => {
    const { bavail, bsize } = await statfs(folder);
    const free_bytes = bavail * bsize;
    const said = `${Math.floor(free_bytes / GIB)} GiB free for ${folder}`;
    return [
      free_bytes < GIB
        ? { state: 'warning', said, hint: 'Make room: a database that cannot write stops.' }
        : { state: 'ok', said },
    ];
  },
});

const configurationProbe = (configuration: Configuration): Probe => ({
  name: 'configuration',
  look: async () => {
    const { hash, label, findings } = configuration.own();
    const told = [...findingsOfServer(configuration, await configuration.decides()), ...findings].flatMap(
      ({ level, at, message, hint }): readonly Finding[] =>
        level === 'info' ? [] : [{ state: level === 'error' ? 'failed' : 'warning', said: `${at}: ${message}`, hint }],
    );
    return [{ state: 'ok', said: `${label} (${hash.slice(0, 12)}) from ${configuration.files.folder}` }, ...told];
  },
});

const off = (said: string): readonly Finding[] => [{ state: 'off', said }];

const crmProbe = ({ settings: { crm, outbound }, clock }: Probed): Probe => ({
  name: 'crm',
  look: async (signal) =>
    crm === null
      ? off('CRM_WEBHOOK_ENABLED is not true.')
      : reach({ url: new URL(crm.url), guard: addressGuard(outbound), now: clock.machine }, signal),
});

const slackProbe = (check: SlackProbe): Probe => ({
  name: 'slack',
  look: async () => {
    const findings = await check();
    if (findings === null) return off('SLACK_BOT_TOKEN is not set.');
    return findings.map(({ what, ok, found, hint }) => ({
      state: ok ? 'ok' : 'failed',
      said: `${what}: ${found}`,
      ...(hint === null ? {} : { hint }),
    }));
  },
});
