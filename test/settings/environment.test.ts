import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { configHash } from '#settings/document.ts';
import { findingText } from '#settings/findings.ts';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { variables } from '#settings/variables.ts';
import { guideEnvironment as guide } from '#test/support/guide/environment.ts';
import { messageOf, realConfig, seededConfig } from './seeded-config.ts';

const load = (env: Environment, more: { readonly overrides?: Environment } = {}) =>
  loadSettings({ env, configDir: realConfig, ...more });

describe("the guide's environment", () => {
  const env = {
    ...parseEnv(guide),
    SECRET_JOURNEY_DB_PASSWORD: 's3cret',
    SECRET_GLEAN_SERVICE_ACCOUNT: 'glean-token',
    SECRET_EVENTSTORE_PASSWORD: 'changeit',
    SECRET_CRM_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  };

  test('S11 S12 S13 S14 S15: section 2 of the guide names an event store, and what is unwise about it is said', () => {
    const { eventStore, findings } = load(env);
    expect(eventStore).toEqual({
      host: 'eventstore.a-domain.svc.cluster.local',
      port: 2113,
      tls: true,
      caFile: null,
      user: 'admin',
      password: 'changeit',
    });
    expect(findings.map(({ code }) => code)).toContain('event_store.superuser');
  });

  test('S1 to S10, S34 to S37: section 2 of the guide loads as it stands', () => {
    const settings = load(env);
    expect(settings.enabled).toBe(true);
    expect(settings.store).toMatchObject({
      kind: 'postgresql',
      host: 'postgres.a-domain.svc.cluster.local',
      port: 5432,
      name: 'journey_state',
      user: 'journey_orchestrator',
      password: 's3cret',
    });
    expect(settings.document.max_concurrent_journeys).toBe(100);
    expect(settings.document.timeouts).toMatchObject({ stage_transition_seconds: 300, task_execution_seconds: 120 });
    expect(settings.crm).toEqual({
      url: 'https://crm.example.com/webhooks/journey',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      hubSignature: false,
    });
    expect(settings.collectors.glean).toMatchObject({ url: 'https://api.glean.com/v1', token: 'glean-token' });
  });

  test('S41 S42 S43: with its notification service notices go through that, by mail and in Slack', () => {
    expect(load(env).notifications).toEqual({
      mode: 'service',
      email: true,
      slack: true,
      service: { url: 'http://notification-service.a-domain.svc.cluster.local', secrets: [] },
      smtp: null,
      routes: [],
    });
  });

  test('S33: it says the same as the YAML files, so nothing differs and the hash is the same', () => {
    const settings = loadSettings({ env: { ...env, JOURNEY_CONFIG_STRICT: 'true' }, configDir: realConfig });
    expect(configHash(settings.document)).toBe(configHash(load({}).document));
    expect(settings.findings.filter(({ code }) => code === 'environment.differs')).toEqual([]);
  });

  test('S3: where no shell reads it, the comment behind a value is part of it, and the start says so', () => {
    const said = messageOf({ env: { ...env, JOURNEY_STAGE_TRANSITION_TIMEOUT: '300  # seconds (5 minutes)' } });
    expect(said).toContain('JOURNEY_STAGE_TRANSITION_TIMEOUT');
    expect(said).toContain('300  # seconds (5 minutes)');
    expect(said).toContain('what follows a # is no comment where no shell reads the file');
  });

  test('every name in it is in the table of variables', () => {
    const known = variables.map(({ name }) => name);
    expect(Object.keys(parseEnv(guide)).filter((name) => !known.includes(name))).toEqual([]);
  });
});

const criterion = (stage: string, check: string) => (env: Environment) =>
  load(env)
    .document.stages.find(({ stage_id }) => stage_id === stage)
    ?.exit_criteria.find(({ check_id }) => check_id === check)?.parameters;
const stageOf = (stage: string) => (env: Environment) =>
  load(env).document.stages.find(({ stage_id }) => stage_id === stage);
const goal = (metric: string) => (env: Environment) =>
  stageOf('production')(env)?.success_metrics.find((each) => each.metric === metric);

describe('variables that stand above the YAML files', () => {
  test.each([
    ['S2', 'JOURNEY_MAX_CONCURRENT', '7', (env: Environment) => load(env).document, { max_concurrent_journeys: 7 }],
    [
      'S3',
      'JOURNEY_STAGE_TRANSITION_TIMEOUT',
      '60',
      (env: Environment) => load(env).document.timeouts,
      { stage_transition_seconds: 60 },
    ],
    [
      'S4',
      'JOURNEY_UOW_TASK_TIMEOUT',
      '30',
      (env: Environment) => load(env).document.timeouts,
      { task_execution_seconds: 30 },
    ],
    ['S44', 'JOURNEY_POLLING_CRON', '*/2 * * * *', (env: Environment) => load(env).polling, { cron: '*/2 * * * *' }],
    ['S21', 'SANDBOX_DURATION_TARGET_DAYS', '9', stageOf('sandbox'), { duration_target_days: 9 }],
    ['S22', 'SANDBOX_EXIT_SEARCH_QUALITY_MIN', '0.7', criterion('sandbox', 'search_quality'), { min_precision: 0.7 }],
    ['S23', 'SANDBOX_EXIT_SECURITY_CRITICAL_MAX', '2', criterion('sandbox', 'security_scan'), { max_critical: 2 }],
    ['S24', 'SANDBOX_EXIT_DEMO_APPROVAL_REQUIRED', 'false', criterion('sandbox', 'demo_approval'), { required: false }],
    ['S25', 'PILOT_DURATION_TARGET_DAYS', '20', stageOf('pilot'), { duration_target_days: 20 }],
    ['S26', 'PILOT_EXIT_SEARCH_QUALITY_MIN', '0.9', criterion('pilot', 'search_quality'), { min_precision: 0.9 }],
    ['S27', 'PILOT_EXIT_USER_SATISFACTION_MIN', '4.2', criterion('pilot', 'user_satisfaction'), { min_score: 4.2 }],
    ['S28', 'PILOT_EXIT_BUG_WINDOW_DAYS', '14', criterion('pilot', 'bug_window'), { window_days: 14 }],
    ['S29', 'PILOT_EXIT_P95_LATENCY_MAX_MS', '250', criterion('pilot', 'performance_sla'), { p95_latency_max_ms: 250 }],
    ['S30', 'PRODUCTION_ADOPTION_TARGET', '0.5', goal('user_adoption'), { target: 0.5 }],
    ['S31', 'PRODUCTION_SATISFACTION_TARGET', '4', goal('search_satisfaction'), { target: 4 }],
    ['S32', 'PRODUCTION_GROWTH_TARGET', '0.1', goal('query_volume_growth'), { target: 0.1 }],
  ])('%s: %s=%s reaches its key, and differing from the file is a warning', (_, name, value, at, expected) => {
    expect(at({ [name]: value })).toMatchObject(expected);
    const found = load({ [name]: value }).findings.filter(({ code }) => code === 'environment.differs');
    expect(found.map(findingText).join('\n')).toMatch(new RegExp(`^${name}: It is .*, which differs from .*\\.yaml`));
  });

  test('S33: with JOURNEY_CONFIG_STRICT a differing pair stops the start', () => {
    const message = messageOf({ env: { JOURNEY_CONFIG_STRICT: 'true', JOURNEY_MAX_CONCURRENT: '50' } });
    expect(message).toContain(
      'environment: JOURNEY_MAX_CONCURRENT is 50: differs from orchestrator.max_concurrent_journeys',
    );
    expect(message).toContain('says 100');
  });

  test('S33: default < YAML < environment < command line, and the origin of each is kept', () => {
    using config = seededConfig();
    const origin = (env: Environment, overrides: Environment = {}) => {
      const { document, effective } = loadSettings({ env, overrides, configDir: config.dir });
      return [document.max_concurrent_journeys, effective.get('max_concurrent_journeys')?.origin];
    };
    const env = { JOURNEY_MAX_CONCURRENT: '7' };
    expect(origin(env, { JOURNEY_MAX_CONCURRENT: '8' })).toEqual([8, 'command line JOURNEY_MAX_CONCURRENT']);
    expect(origin(env)).toEqual([7, 'environment JOURNEY_MAX_CONCURRENT']);
    config.edit('journey-orchestrator.yaml', 'max_concurrent_journeys: 100', 'max_concurrent_journeys: 60');
    expect(origin({})).toEqual([60, join(config.dir, 'journey-orchestrator.yaml')]);
    config.edit('journey-orchestrator.yaml', 'max_concurrent_journeys: 60', '');
    expect(origin({})).toEqual([100, 'default']);
    expect(origin(env)).toEqual([7, 'environment JOURNEY_MAX_CONCURRENT']);
  });

  test('S33: origins name items by their ids, and settings that no file holds', () => {
    const { effective } = load({ SANDBOX_EXIT_SEARCH_QUALITY_MIN: '0.8', JOURNEY_HTTP_PORT: '9000' });
    const parameters = 'stages[sandbox].exit_criteria[search_quality].parameters';
    expect(effective.get(`${parameters}.min_precision`)?.origin).toBe('environment SANDBOX_EXIT_SEARCH_QUALITY_MIN');
    expect(effective.get(`${parameters}.sample_queries`)?.origin).toBe(join(realConfig, 'stages.yaml'));
    expect(effective.get(`${parameters}.k`)?.origin).toBe('default');
    expect(effective.get('http.port')?.origin).toBe('environment JOURNEY_HTTP_PORT');
    expect(effective.get('store.kind')?.origin).toBe('default');
  });

  test('S33: a block that the file leaves out begins to exist with the variable', () => {
    using config = seededConfig();
    config.write('journey-orchestrator.yaml', 'orchestrator: {}\n');
    const { document } = loadSettings({ env: { JOURNEY_UOW_TASK_TIMEOUT: '30' }, configDir: config.dir });
    expect(document.timeouts).toMatchObject({ task_execution_seconds: 30, stage_transition_seconds: 300 });
  });

  test('a variable whose stage or check is gone stops the start and says what there is', () => {
    using config = seededConfig();
    config.edit('stages.yaml', 'check_id: "bug_window"', 'check_id: "no_bugs"');
    const message = messageOf({ env: { PILOT_EXIT_BUG_WINDOW_DAYS: '7' }, configDir: config.dir });
    expect(message).toContain('environment: PILOT_EXIT_BUG_WINDOW_DAYS is 7');
    expect(message).toContain('stages[pilot].exit_criteria[bug_window]');
    expect(message).toContain('no_bugs');
  });

  test('a value that the key cannot take is reported as the variable, not as the file', () => {
    const message = messageOf({ env: { SANDBOX_EXIT_SEARCH_QUALITY_MIN: '80' } });
    expect(message).toContain('environment: SANDBOX_EXIT_SEARCH_QUALITY_MIN is 80: Too big');
  });
});

describe('single variables', () => {
  test('S44: the defaults need no environment at all', () => {
    const settings = load({});
    expect(settings).toMatchObject({
      enabled: true,
      http: { host: '127.0.0.1', port: 8080, publicUrl: null },
      store: { kind: 'embedded', dataDir: './.journey', host: null, port: 5432, sslmode: 'prefer', password: null },
      lease_ms: 5000,
      logLevel: 'info',
      polling: { cron: '* * * * *' },
      workerPoolSize: 10,
      bootstrapToken: null,
      outbound: { allowedNetworks: [], ports: [443] },
      crm: null,
    });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('S1: JOURNEY_ORCHESTRATOR_ENABLED=%s is %s', (text, enabled) => {
    expect(load({ JOURNEY_ORCHESTRATOR_ENABLED: text }).enabled).toBe(enabled);
  });

  test.each([
    ['S1', 'JOURNEY_ORCHESTRATOR_ENABLED', 'yes', 'must be true, false, 1 or 0'],
    ['S1', 'JOURNEY_ORCHESTRATOR_ENABLED', 'TRUE', 'must be true, false, 1 or 0'],
    ['S2', 'JOURNEY_MAX_CONCURRENT', '1.5', 'must be an integer'],
    ['S5', 'JOURNEY_STATE_STORE', 'mysql', 'must be embedded or postgresql'],
    ['S7', 'JOURNEY_STATE_DB_PORT', '70000', 'must be an integer from 1 to 65535'],
    ['S10', 'JOURNEY_STATE_DB_SSLMODE', 'on', 'must be disable or prefer or require or verify-full'],
    ['S44', 'JOURNEY_HTTP_PORT', '0x50', 'must be an integer from 0 to 65535'],
    ['S44', 'JOURNEY_PUBLIC_URL', 'example.com', 'must be an http or https URL'],
    ['S44', 'JOURNEY_LOG_LEVEL', 'loud', 'must be debug or info or warn or error'],
    ['S44', 'JOURNEY_TASK_LEASE_SECONDS', '0', 'must be a number from 1 to 3600'],
    ['S44', 'JOURNEY_POLLING_CRON', 'hourly', 'must be a cron expression'],
  ])('%s: %s=%s stops the start and says what is allowed', (_, name, value, allowed) => {
    expect(messageOf({ env: { [name]: value } })).toContain(`environment: ${name} is "${value}": ${allowed}`);
  });

  test('an empty variable is none', () => {
    expect(load({ JOURNEY_HTTP_PORT: '', JOURNEY_STATE_DB_PASSWORD: '' }).http.port).toBe(8080);
  });

  test('S5: postgresql without a server, and a server without postgresql, stop the start', () => {
    expect(messageOf({ env: { JOURNEY_STATE_STORE: 'postgresql' } })).toContain('JOURNEY_STATE_DB_HOST: missing');
    expect(messageOf({ env: { JOURNEY_STATE_DB_HOST: 'db' } })).toContain('JOURNEY_STATE_STORE: missing although');
    expect(load({ JOURNEY_STATE_DB_HOST: 'db', JOURNEY_STATE_STORE: 'embedded' }).store.kind).toBe('embedded');
  });

  test('S44: with a bootstrap token the server listens for others too, unless it is told where', () => {
    const JOURNEY_BOOTSTRAP_TOKEN = 'a-token-of-some-length';
    expect(load({ JOURNEY_BOOTSTRAP_TOKEN }).http.host).toBe('0.0.0.0');
    expect(load({ JOURNEY_BOOTSTRAP_TOKEN, JOURNEY_HTTP_HOST: '::1' }).http.host).toBe('::1');
  });

  test('a misspelt JOURNEY_ variable is a warning with the nearest name', () => {
    const { findings } = load({ JOURNEY_MAX_CONCURENT: '5', JOURNEY_ORCHESTRATOR_PORT: 'tcp://10.0.0.1:8080' });
    const texts = findings.map(findingText);
    expect(texts).toContain(
      'JOURNEY_MAX_CONCURENT: It is not a setting and is ignored. Did you mean JOURNEY_MAX_CONCURRENT?',
    );
    expect(texts.join()).not.toContain('JOURNEY_ORCHESTRATOR_PORT');
  });

  test('an unknown setting on the command line stops the start', () => {
    expect(messageOf({ env: {}, overrides: { JOURNEY_HTTP_PROT: '1' } })).toContain('did you mean JOURNEY_HTTP_PORT?');
  });
});
