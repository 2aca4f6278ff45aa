import { DAY, SECOND } from '#core/time.ts';
import { collectorProblems, prometheusOf } from './collectors.ts';
import { gleanOf, gleanFileProblems, lintGlean } from './glean.ts';
import { agentsOf, discoveryOf, discoveryProblems, isDiscovering } from './agents.ts';
import { readConfigTexts, type ConfigTexts } from './config-texts.ts';
import { documentOf } from './document.ts';
import { effectiveValues } from './effective-values.ts';
import type { Environment } from './environment.ts';
import { eventStoreFindings, eventStoreOf, eventStoreProblems } from './event-store.ts';
import type { OrchestratorFile } from './file-schemas.ts';
import { finding, type Finding } from './findings.ts';
import { lint } from './lint.ts';
import { oidcOf, oidcProblems } from './oidc.ts';
import { notificationProblems, notificationsOf } from './notifications.ts';
import { outboundOf, outboundProblems } from './outbound.ts';
import { settingsError, type Problem } from './problem.ts';
import { readFiles, type FilesRead } from './read-files.ts';
import { readVariables, type VariablesRead } from './read-variables.ts';
import type { LogLevel, RetentionSettings, Settings, SslMode, StoreSettings } from './settings.ts';
import { secretsIn } from './secrets.ts';
import { slackOf, slackProblems } from './slack.ts';
import { trackerOf, trackerProblems } from './trackers.ts';
import { telemetryOf, telemetryProblems } from './telemetry.ts';
import { valuesOf, type Values } from './values.ts';

export type SettingsSource = {
  readonly env: Environment;
  /** Stands above JOURNEY_CONFIG_DIR. */
  readonly configDir?: string;
  /** From the command line, by the variables' names. */
  readonly overrides?: Environment;
};

/**
 * The settings: built-in default < YAML < environment < command line. Throws `settings.invalid` with every problem that
 * there is. Depends on its arguments and the files alone.
 */
export function loadSettings({ env, configDir, overrides = {} }: SettingsSource): Settings {
  const said = { ...readVariables(env, overrides), secrets: secretsIn(env, overrides) };
  const dir = configDir ?? valuesOf(said).text('JOURNEY_CONFIG_DIR') ?? './config';
  return settingsOf(readConfigTexts(dir), said, dir);
}

/** What the variables say; the files are read again under it. */
type Said = VariablesRead & { readonly secrets: readonly string[] };

function settingsOf(texts: ConfigTexts, said: Said, dir: string): Settings {
  const read = readFiles(texts, said.given);
  const value = valuesOf(said);
  const strict = value.flag('JOURNEY_CONFIG_STRICT');
  const problems: readonly Problem[] = [
    ...said.problems,
    ...storeProblems(said),
    ...outboundProblems(value),
    ...slackProblems(said.given),
    // What cannot be read is not missing.
    ...collectorProblems(value).filter(({ path }) => !said.problems.some((one) => one.path === path)),
    ...oidcProblems(value),
    ...notificationProblems(value, read.files?.notifications),
    ...discoveryProblems(said),
    ...eventStoreProblems(value),
    ...telemetryProblems(value),
    ...read.problems,
    ...(strict ? read.differing : []),
  ];
  if (problems.length > 0 || !read.files) throw settingsError(problems);
  const { collectors, orchestrator } = read.files;
  const unfit = [
    ...gleanFileProblems(collectors, orchestrator.orchestrator.features, value, dir),
    ...trackerProblems(collectors, value),
  ];
  if (unfit.length > 0) throw settingsError(unfit);
  return assembled(read.files, read, said, dir, texts);
}

function assembled(
  files: NonNullable<FilesRead['files']>,
  read: FilesRead,
  said: Said,
  configDir: string,
  texts: ConfigTexts,
): Settings {
  const value = valuesOf(said);
  const { orchestrator } = files.orchestrator;
  const bootstrapToken = value.text('JOURNEY_BOOTSTRAP_TOKEN');
  const eventStore = eventStoreOf(value);
  const settings = {
    name: orchestrator.name,
    version: orchestrator.version,
    enabled: value.flag('JOURNEY_ORCHESTRATOR_ENABLED'),
    http: {
      // Without a token that guards it, the server must not be reachable from other machines.
      host: value.text('JOURNEY_HTTP_HOST') ?? (bootstrapToken === null ? '127.0.0.1' : '0.0.0.0'),
      port: value.number('JOURNEY_HTTP_PORT'),
      publicUrl: value.text('JOURNEY_PUBLIC_URL'),
    },
    mcp: {
      allowedHosts: namesIn(value.text('JOURNEY_MCP_ALLOWED_HOSTS')),
      allowedOrigins: namesIn(value.text('JOURNEY_MCP_ALLOWED_ORIGINS')),
      callsPerSecond: value.number('JOURNEY_MCP_CALLS_PER_SECOND'),
    },
    store: storeOf(value),
    lease_ms: value.number('JOURNEY_TASK_LEASE_SECONDS') * SECOND,
    logLevel: value.text('JOURNEY_LOG_LEVEL') as LogLevel,
    polling: { cron: orchestrator.polling.cron },
    workerPoolSize: orchestrator.worker_pool_size,
    retention: retentionOf(orchestrator.retention),
    bootstrapToken,
    oidc: oidcOf(value),
    rates: {
      callsPerSecond: value.number('JOURNEY_API_CALLS_PER_SECOND'),
      refusalsPerSecond: value.number('JOURNEY_API_REFUSALS_PER_SECOND'),
    },
    ...outboundOf(value),
    slack: slackOf(value),
    notifications: notificationsOf(value, files.notifications),
    eventStore,
    telemetry: telemetryOf(value),
    agents: agentsOf(files.agents),
    collectors: {
      prometheus: prometheusOf(files.collectors, value),
      glean: gleanOf(files.collectors, orchestrator.features, value, configDir),
      tracker: trackerOf(files.collectors, value),
    },
    discovery: discoveryOf(value, files.agents),
    configDir,
    document: documentOf(files.orchestrator, files.stages, files.templates, files.agents),
    findings: [
      ...said.findings,
      ...eventStoreFindings(eventStore),
      ...read.differing.map(differs),
      ...lintGlean(files.collectors, orchestrator.features, value),
      ...lint({ ...files, discovering: isDiscovering(files.agents, said.given) }),
    ],
    files: {
      texts,
      look: () => readConfigTexts(configDir),
      settingsOf: (others: ConfigTexts) => settingsOf(others, said, configDir),
    },
    secrets: () => said.secrets,
  };
  return { ...settings, effective: effectiveValues(settings, read, said.given) };
}

const differs = ({ path, value, allowed }: Problem): Finding =>
  finding(
    'environment.differs',
    path,
    `It is ${value}, which ${allowed}.`,
    'The variable is in force. Make them agree, or remove one.',
  );

const namesIn = (text: string | null): readonly string[] | null =>
  text === null
    ? null
    : text
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== '');

function storeOf(value: Values): StoreSettings {
  return {
    kind: value.text('JOURNEY_STATE_STORE') as StoreSettings['kind'],
    dataDir: value.text('JOURNEY_DATA_DIR') ?? '',
    host: value.text('JOURNEY_STATE_DB_HOST'),
    port: value.number('JOURNEY_STATE_DB_PORT'),
    name: value.text('JOURNEY_STATE_DB_NAME') ?? '',
    user: value.text('JOURNEY_STATE_DB_USER') ?? '',
    password: value.text('JOURNEY_STATE_DB_PASSWORD'),
    sslmode: value.text('JOURNEY_STATE_DB_SSLMODE') as SslMode,
    poolMax: value.number('JOURNEY_STATE_DB_POOL_MAX'),
    migrationUser: value.text('JOURNEY_STATE_DB_MIGRATION_USER'),
    migrationPassword: value.text('JOURNEY_STATE_DB_MIGRATION_PASSWORD'),
  };
}

function storeProblems({ given }: VariablesRead): readonly Problem[] {
  const [kind, host] = [given.get('JOURNEY_STATE_STORE'), given.get('JOURNEY_STATE_DB_HOST')];
  if (kind?.value === 'postgresql' && !host)
    return [
      {
        where: 'environment',
        path: 'JOURNEY_STATE_DB_HOST',
        allowed: 'missing: JOURNEY_STATE_STORE=postgresql needs a server',
      },
    ];
  // Several replicas that each fell back to an embedded database of their own would look healthy and lose everything.
  if (!kind && host)
    return [
      {
        where: 'environment',
        path: 'JOURNEY_STATE_STORE',
        allowed:
          'missing although JOURNEY_STATE_DB_HOST is set: say postgresql, or embedded to leave that server alone',
      },
    ];
  return [];
}

const retentionOf = (days: OrchestratorFile['orchestrator']['retention']): RetentionSettings => ({
  evidenceHistory_ms: inMs(days.evidence_history_days),
  completedJourneys_ms: inMs(days.completed_journeys_days),
  deliveries_ms: inMs(days.deliveries_days),
  idempotencyKeys_ms: inMs(days.idempotency_keys_days),
});

const inMs = (days: number | null): number | null => (days === null ? null : days * DAY);
