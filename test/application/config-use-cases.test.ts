import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '#application/principal.ts';
import { configFileNames } from '#application/config-ports.ts';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import type { Settings } from '#settings/settings.ts';
import { orchestrator, stages, templates } from '#test/settings/defects.ts';
import { seededConfig, type SeededConfig } from '#test/settings/seeded-config.ts';
import { goodOutputs } from '#test/support/engine/agents.ts';
import { dana, goodSearch, olga } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const admin: Principal = { id: 'ada', kind: 'user', roles: ['admin'], clients: null, evidenceKinds: [], intents: null };
const ofGlobex: Principal = { ...olga, id: 'gil', clients: ['globex'] };

let at: FreshDatabase;
let config: SeededConfig;
let engine: Engine | undefined;

beforeEach(async () => {
  at = await freshEmbedded();
  config = seededConfig();
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  config[Symbol.dispose]();
  await at.drop();
});

/** What the settings of a folder give to the configuration; the rest is the tests' own. */
function settingsOf(env: Environment = {}): Partial<Settings> {
  const { version, document, files, configDir, effective, findings } = loadSettings({ env, configDir: config.dir });
  return { version, document, files, configDir, effective, findings };
}

const neverDone = () => new Promise<never>(() => undefined);
const idle = Object.fromEntries(Object.keys(goodOutputs).map((intent) => [intent, neverDone]));

async function started(options: { readonly env?: Environment; readonly works?: boolean } = {}): Promise<Engine> {
  const { env, works = false } = options;
  const act = Object.fromEntries(
    Object.entries(goodOutputs).map(([intent, put]) => [intent, ({ input }: Output) => Promise.resolve(put(input))]),
  );
  engine = await engineOn({
    database: at.database,
    keepDatabase: true,
    functions: works ? act : idle,
    settings: settingsOf(env),
  });
  return engine;
}

const text = (file: string): string => readFileSync(join(config.dir, file), 'utf8');
const valueOf = (shown: Output, key: string): Output =>
  shown.values.find((one: { readonly key: string }) => one.key === key);

/** The files as they would be if the sandbox were called something else. */
const withoutSandbox = () => ({
  [stages]: text(stages).replace('stage_id: "sandbox"', 'stage_id: "trial"'),
  [templates]: text(templates).replace('stage: "sandbox"', 'stage: "trial"'),
});

describe('config show', () => {
  test('S33 S45 S46 S47: every value in force with its origin, and the version that decides with its label and hash', async () => {
    config.edit(orchestrator, 'version: "1.0.0"', 'version: "2.3.0"');
    const { call } = await started({ env: { JOURNEY_MAX_CONCURRENT: '7' } });
    const shown = await call('config.show', { origin: true });
    expect(shown.active).toMatchObject({ label: '2.3.0', activated_by: 'system', door: 'start', activation: 1 });
    expect(shown.active.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(shown.own).toMatchObject({ is_active: true, folder: config.dir });
    expect(shown.reload).toEqual({ state: 'ok', failures: [] });
    expect(valueOf(shown, 'max_concurrent_journeys')).toEqual({
      key: 'max_concurrent_journeys',
      value: 7,
      origin: 'environment JOURNEY_MAX_CONCURRENT',
    });
    expect(valueOf(shown, 'name')).toMatchObject({ value: 'journey-orchestrator' });
    expect(valueOf(shown, 'stages[pilot].order')).toMatchObject({ value: 2, origin: join(config.dir, stages) });
    expect(valueOf(shown, 'http.port')).toEqual({ key: 'http.port', value: 8080, origin: 'default' });
    expect(valueOf(shown, 'lease_ms')).toMatchObject({ value: 5_000 });
  });

  test('S68: a stage is shown under its name, which is any text, and known by its id', async () => {
    config.edit(stages, 'name: "Sandbox"', 'name: "Bac à sable, 1"');
    const { call, show } = await started();
    await call('journey.start', startInput('acme'));
    expect(await show('acme')).toMatchObject({ stage: 'sandbox', stage_name: 'Bac à sable, 1' });
  });

  test('a beginning of keys leaves out the others, and without origin nobody is told where', async () => {
    const { call } = await started();
    const { values } = await call('config.show', { key: 'timeouts.' });
    expect(values).toHaveLength(4);
    expect(values[0]).toEqual({ key: 'timeouts.stage_transition_seconds', value: 300 });
  });

  test('S10: secrets are shown as set, never as what they are', async () => {
    const secrets = { JOURNEY_STATE_DB_PASSWORD: 'canary-1234', JOURNEY_BOOTSTRAP_TOKEN: 'canary-5678-90123' };
    const { call } = await started({ env: { ...secrets, JOURNEY_PUBLIC_URL: 'https://me:canary-1@host/' } });
    const shown = await call('config.show', { origin: true });
    expect(valueOf(shown, 'store.password')).toMatchObject({ value: '***' });
    expect(valueOf(shown, 'store.migrationPassword')).toMatchObject({ value: null });
    expect(JSON.stringify(shown)).not.toContain('canary');
  });

  test('S33: where the files of another replica decide, its values are shown as its own, and a start pins its hash', async () => {
    const { call } = await started();
    using other = seededConfig();
    other.edit(stages, 'window_days: 7', 'window_days: 4');
    const { document } = loadSettings({ env: {}, configDir: other.dir });
    await using second = await engineOn({ database: at.database, keepDatabase: true, settings: { document } });
    const { active } = await second.call('config.show', {});
    const shown = await eventually(
      () => call('config.show', { origin: true }),
      ({ own }) => own.is_active === false,
    );
    expect(valueOf(shown, 'stages[pilot].exit_criteria[bug_window].parameters.window_days')).toMatchObject({
      value: 4,
      origin: `version ${active.hash}`,
    });
    const { findings } = await call('config.lint', { level: 'warning' });
    expect(findings[0]).toMatchObject({ code: 'version.other_decides', level: 'warning' });
    let clients = 0;
    const pinned = await eventually(
      () => call('journey.start', startInput(`client-${(clients += 1)}`)),
      ({ config_hash }) => config_hash === active.hash,
    );
    expect(pinned.config_hash).not.toBe(shown.own.hash);
  }, 60_000);
});

describe('files that change while the server runs', () => {
  test('S33 S66: a journey keeps what it pinned; the next stage entry pins what has been activated since', async () => {
    config.edit(orchestrator, 'cron: "* * * * *"', 'cron: "* * * * * *"');
    const { call, until, show } = await started({ works: true });
    await call('journey.start', startInput('acme'));
    await until('acme', ({ units }) => units[0]?.status === 'completed');
    const first = (await show('acme')).config_hash;
    config.edit(stages, 'min_precision: 0.80', 'min_precision: 0.99');
    const { active } = await eventually(
      () => call('config.show', {}),
      (shown) => shown.active.hash !== first,
    );
    expect(active).toMatchObject({ door: 'reload', activated_by: 'system' });
    const observed_at = new Date().toISOString();
    const search = { kind: 'search_quality', value: goodSearch, observed_at };
    await call('evidence.record', { client_id: 'acme', observations: [search] });
    // 0.9 is enough by what it pinned, and would not be by what decides now.
    const asked = await until('acme', ({ approval }) => approval !== null);
    expect(asked.config_hash).toBe(first);
    const { approval_id, digest } = asked.approval;
    await call('approval.decide', { approval_id, decision: 'approve', digest }, dana);
    expect(await until('acme', ({ stage }) => stage === 'pilot')).toMatchObject({ config_hash: active.hash });
  }, 120_000);

  test('S66: what cannot be used is shown with its problems, and readiness says degraded but ready', async () => {
    const { call, orchestrator: product } = await started();
    config.edit(stages, 'max_high: 5', 'max_hihg: 5');
    const shown = await eventually(
      () => call('config.show', {}),
      ({ reload }) => reload.state === 'failed',
    );
    const problems = shown.reload.failures[0].problems.map(({ path }: { readonly path: string }) => path);
    expect(problems).toContain('stages[0].exit_criteria[2].parameters.max_hihg');
    expect(await product.readiness()).toMatchObject({ ready: true, degraded: true });
    expect((await call('config.lint', { level: 'error' })).findings).toMatchObject([{ code: 'files.not_taken_up' }]);
    config.edit(stages, 'max_hihg: 5', 'max_high: 5');
    await eventually(product.readiness, ({ degraded }) => !degraded);
    expect((await call('config.show', {})).reload.state).toBe('ok');
  }, 90_000);
});

describe('a configuration without a stage that clients are in', () => {
  test('S66 S67: is refused at check, with the ids that the caller may see', async () => {
    const { call } = await started();
    await Promise.all(['acme', 'globex'].map((id) => call('journey.start', startInput(id))));
    const checked = await call('config.check', { files: withoutSandbox() });
    expect(checked).toMatchObject({ ok: false, problems: [] });
    expect(checked.stranded).toEqual([{ stage: 'sandbox', count: 2, clients: ['acme', 'globex'] }]);
    const scoped = await call('config.check', { files: withoutSandbox() }, ofGlobex);
    expect(scoped.stranded).toEqual([{ stage: 'sandbox', count: 2, clients: ['globex'] }]);
  });

  test('S66 S67: is refused at reload and at the start, naming ten ids and how many more', async () => {
    const first = await started();
    const ids = Array.from({ length: 12 }, (_, index) => `client-${String(index).padStart(2, '0')}`);
    await Promise.all(ids.map((id) => first.call('journey.start', startInput(id))));
    const before = (await first.call('config.show', {})).active.hash;
    for (const [file, changed] of Object.entries(withoutSandbox())) config.write(file, changed);
    const shown = await eventually(
      () => first.call('config.show', {}),
      ({ reload }) => reload.state === 'failed',
    );
    expect(shown.active.hash).toBe(before);
    expect(shown.reload.failures[0].stranded).toEqual([{ stage: 'sandbox', count: 12, clients: ids.slice(0, 10) }]);
    const scoped = await first.call('config.show', {}, { ...ofGlobex, clients: ['client-03'] });
    expect(scoped.reload.failures[0].stranded).toEqual([{ stage: 'sandbox', count: 12, clients: ['client-03'] }]);
    await first.stop();
    await expect(started()).rejects.toThrow(/has no stage sandbox, in which are client-00, .*client-09 and 2 more\.$/);
  }, 90_000);

  test('is taken up once nobody is left in the stage', async () => {
    const { call } = await started();
    await call('journey.start', startInput('acme'));
    await call('journey.complete', { client_id: 'acme', reason: 'Gone' });
    expect(await call('config.check', { files: withoutSandbox() })).toMatchObject({ ok: true, stranded: [] });
  });

  test('is not activated by hand either', async () => {
    const first = await started();
    const all = Object.entries(withoutSandbox()).map(([file, changed]) => [file, changed, text(file)] as const);
    for (const [file, changed] of all) config.write(file, changed);
    const other = await eventually(
      () => first.call('config.history', {}),
      ({ activations }) => activations.length === 2,
    );
    for (const [file, , original] of all) config.write(file, original);
    await eventually(
      () => first.call('config.history', {}),
      ({ activations }) => activations.length === 3,
    );
    await first.call('journey.start', startInput('acme'));
    const hash: string = other.activations[0].hash;
    const problem = await first.refused('config.activate', { hash }, admin);
    expect(problem).toMatchObject({ code: 'config.strands', status: 409 });
    expect(problem.message).toContain('has no stage sandbox, in which is acme.');
    expect(problem.hint).toContain('Put the stage back');
  }, 90_000);
});

describe('check, diff, history, activate, schema', () => {
  test('S66: given files are checked over the others of the folder, and nothing is changed', async () => {
    const { call } = await started();
    const good = await call('config.check', {
      files: { [stages]: text(stages).replace('window_days: 7', 'window_days: 3') },
    });
    expect(good).toMatchObject({ ok: true, is_active: false, left_out: 0, after_restart: [] });
    expect(good.changes).toEqual([
      { key: 'stages[pilot].exit_criteria[bug_window].parameters.window_days', from: 7, to: 3 },
    ]);
    const bad = await call('config.check', { files: { [stages]: text(stages).replace('order: 2', 'order: 1') } });
    expect(bad).toMatchObject({ ok: false, hash: null });
    expect(bad.problems).toMatchObject([{ where: stages, path: 'stages[1].order', value: '1' }]);
    expect((await call('config.history', {})).activations).toHaveLength(1);
    expect(await call('config.check', {})).toMatchObject({ ok: true, is_active: true, changes: [] });
  });

  test('S33: check applies the variables of this server, strict ones too', async () => {
    const { call } = await started({ env: { JOURNEY_CONFIG_STRICT: 'true', PILOT_EXIT_BUG_WINDOW_DAYS: '7' } });
    const files = { [stages]: text(stages).replace('window_days: 7', 'window_days: 3') };
    expect((await call('config.check', { files })).problems).toMatchObject([{ path: 'PILOT_EXIT_BUG_WINDOW_DAYS' }]);
  });

  test('YAML that stands for millions of values is a problem, not a load', async () => {
    const { call } = await started();
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(7)}]`),
    ];
    const { ok, problems } = await call('config.check', { files: { [stages]: bomb.join('\n') } });
    expect(ok).toBe(false);
    expect(problems).toHaveLength(1);
  });

  test('versions are told apart by what differs, activated again, and the history says who did it', async () => {
    const { call, refused } = await started();
    const first = (await call('config.show', {})).active.hash;
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await eventually(
      () => call('config.history', {}),
      ({ activations }) => activations.length === 2,
    );
    const change = { key: 'stages[pilot].exit_criteria[bug_window].parameters.window_days', from: 7, to: 6 };
    expect(await call('config.diff', { from: first, to: 'active' })).toMatchObject({ changes: [change] });
    expect(await call('config.diff', {})).toMatchObject({ changes: [] });
    expect(await call('config.activate', { hash: first }, admin)).toMatchObject({ activated: true });
    expect(await call('config.diff', {})).toMatchObject({ from: first, changes: [change] });
    const { activations, next_cursor } = await call('config.history', { limit: 2 });
    expect(activations).toMatchObject([
      { activation: 3, hash: first, activated_by: 'ada', door: 'rest' },
      { activation: 2, door: 'reload' },
    ]);
    expect((await call('config.history', { cursor: next_cursor })).activations).toMatchObject([{ activation: 1 }]);

    expect(await refused('config.diff', { from: '0123456789abcdef' })).toMatchObject({ code: 'config.unknown' });
    expect(await refused('config.diff', { from: 'yesterday' })).toMatchObject({ code: 'config.unknown' });
    expect(await refused('config.activate', { hash: '0123456789abcdef' }, admin)).toMatchObject({ status: 404 });
    expect(await refused('config.activate', { hash: first })).toMatchObject({ code: 'auth.forbidden' });
    config.edit(stages, 'order: 2', 'order: 1');
    expect(await refused('config.diff', {})).toMatchObject({ code: 'config.invalid', status: 422 });
  }, 90_000);

  test('S66: each file has a schema that users can ask for', async () => {
    const { call } = await started();
    for (const file of configFileNames)
      // oxlint-disable-next-line no-await-in-loop -- one file after the other.
      expect(await call('config.schema', { file })).toMatchObject({ type: 'object', additionalProperties: false });
  });
});
