import { cpSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { postgresConfigStore } from '#adapters/postgres/config-store.ts';
import { systemClock } from '#adapters/clock.ts';
import { alertsTo } from '#application/alerts.ts';
import type { ConfigStore } from '#application/config-ports.ts';
import { openConfiguration, type Configuration } from '#application/configuration.ts';
import { plansOf, type RefreshedPlans } from '#application/plans.ts';
import type { JsonObject } from '#core/json.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { configFilesOf } from '#settings/config-files.ts';
import { readDocument } from '#settings/document.ts';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { agents, defects, orchestrator, stages, templates } from '#test/settings/defects.ts';
import { realConfig, seededConfig, type SeededConfig } from '#test/settings/seeded-config.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { cryptoIds } from '#adapters/ids.ts';

type Line = { readonly message: string } & JsonObject;
type Opened = Configuration & {
  readonly plans: RefreshedPlans;
  readonly lines: readonly Line[];
  readonly hash: string;
};

let at: FreshDatabase;
let config: SeededConfig;

beforeEach(async () => {
  at = await freshEmbedded();
  config = seededConfig();
});
afterEach(async () => {
  config[Symbol.dispose]();
  await at.drop();
});

type Options = {
  readonly dir?: string;
  readonly env?: Environment;
  readonly process?: string;
  readonly store?: (store: ConfigStore) => ConfigStore;
};

/** What a process has of the configuration, over a folder; looks are taken by the test instead of by the scheduler. */
async function opened({ dir = config.dir, env = {}, process = 'one:1', store: wrap }: Options = {}): Promise<Opened> {
  const lines: Line[] = [];
  const say = (message: string, fields: JsonObject = {}): void => void lines.push({ ...fields, message });
  const logger = { debug: say, info: say, warn: say, error: say };
  const kept = postgresConfigStore(at.database);
  const store = wrap?.(kept) ?? kept;
  const plans = plansOf({ ...store, compile: (document) => compilePlan(readDocument(document)) });
  const files = configFilesOf(loadSettings({ env, configDir: dir }));
  const parts = {
    files,
    store,
    plans,
    clock: systemClock(),
    ids: cryptoIds,
    logger,
    raise: alertsTo(logger, () => undefined),
    process,
  };
  const configuration = await openConfiguration(parts);
  return { ...configuration, plans, lines, hash: files.started.hash };
}

const lookTwice = async ({ look }: Opened): Promise<void> => {
  await look();
  await look();
};
const alertsIn = ({ lines }: Opened): readonly unknown[] => lines.flatMap(({ alert }) => alert ?? []);
const history = async ({ store }: Opened): Promise<readonly string[]> =>
  (await store.activations(50)).map(({ hash, door }) => `${hash} ${door}`);

describe('changed files', () => {
  test('S66: are taken up once they stand still, and decide from then on', async () => {
    const one = await opened();
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await one.look();
    expect(one.plans.active().hash).toBe(one.hash);
    await one.look();
    const now = one.own().hash;
    expect(now).not.toBe(one.hash);
    expect(one.plans.active().hash).toBe(now);
    expect(await history(one)).toEqual([`${now} reload`, `${one.hash} start`]);
    expect(one.lines.at(-1)).toMatchObject({
      before: one.hash,
      now,
      changed: ['stages[pilot].exit_criteria[bug_window].parameters.window_days'],
    });
  });

  test('S66: all of them or none: while one is bad, what is good in the others stays out', async () => {
    const one = await opened();
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    config.edit(templates, 'max_retries: 1', 'max_retries: many');
    await lookTwice(one);
    expect(one.plans.active().hash).toBe(one.hash);
    config.edit(templates, 'max_retries: many', 'max_retries: 1');
    await lookTwice(one);
    expect(one.plans.active().hash).not.toBe(one.hash);
  });

  test('S66: a write that is half-way at a look changes nothing, though what it has written could be used', async () => {
    const one = await opened();
    config.edit(stages, 'window_days: 7', 'window_days: 5');
    await one.look();
    config.edit(stages, 'max_high: 2', 'max_high: 3');
    await one.look();
    expect(await history(one)).toEqual([`${one.hash} start`]);
    await one.look();
    expect(await history(one)).toHaveLength(2);
    expect(one.own().document).toEqual(loadSettings({ env: {}, configDir: config.dir }).document);
  });

  test('S66: a file that was cut off in the middle leaves the old version in force', async () => {
    const one = await opened();
    config.write(stages, 'stages:\n  - stage_id: "sandbox"\n    name: "Sandbox"\n    order: 1\n');
    await lookTwice(one);
    expect(one.plans.active().hash).toBe(one.hash);
    expect(one.failedReload()?.problem).toContain('unit-of-work-templates.yaml: templates[1].stage');
  });

  test('S66: the swap of the ..data link of a mounted ConfigMap is one change', async () => {
    const mount = join(config.dir, 'mount');
    for (const name of ['..1', '..2']) cpSync(realConfig, join(mount, name), { recursive: true });
    symlinkSync('..1', join(mount, '..data'));
    for (const name of readdirSync(realConfig)) symlinkSync(join('..data', name), join(mount, name));
    const one = await opened({ dir: mount });
    config.edit('mount/..2/stages.yaml', 'window_days: 7', 'window_days: 6');
    config.edit('mount/..2/unit-of-work-templates.yaml', 'max_retries: 2', 'max_retries: 5');
    await lookTwice(one);
    expect(one.plans.active().hash).toBe(one.hash);
    symlinkSync('..2', join(mount, '..new'));
    renameSync(join(mount, '..new'), join(mount, '..data'));
    await lookTwice(one);
    expect(await history(one)).toEqual([`${one.own().hash} reload`, `${one.hash} start`]);
    expect(one.own().document).toEqual(loadSettings({ env: {}, configDir: join(mount, '..2') }).document);
  });

  test('S66: a comment, or the order of keys, makes no other version', async () => {
    const one = await opened();
    config.edit(stages, 'stages:', '# said differently\nstages:');
    await lookTwice(one);
    expect(one.own().hash).toBe(one.hash);
    expect(await history(one)).toHaveLength(1);
  });

  test('what only a start reads is named, and is not taken up', async () => {
    const one = await opened();
    config.edit(orchestrator, 'worker_pool_size: 10', 'worker_pool_size: 11');
    config.edit(agents, '4102', '4103');
    await lookTwice(one);
    expect(one.lines.at(-1)?.['keys']).toEqual(['worker_pool_size', 'agents[deployment-agent].card_url']);
    expect(await history(one)).toHaveLength(1);
  });

  test('agents.yaml decides by its mapping to evidence', async () => {
    const one = await opened();
    config.edit(agents, '  install_connectors: connector_status\n', '');
    await lookTwice(one);
    expect(one.plans.active().hash).not.toBe(one.hash);
  });
});

describe('files that cannot be used', () => {
  test('S66: whichever of the seeded defects it is: the old version stays, and it is recorded with its problems', async () => {
    const one = await opened();
    const wrong: string[] = [];
    for (const [title, file, from, to, ...says] of defects) {
      config.edit(file, from, to);
      // oxlint-disable-next-line no-await-in-loop -- one defect after the other.
      await lookTwice(one);
      if (!one.failedReload()) wrong.push(`${title}: was taken up`);
      // oxlint-disable-next-line no-await-in-loop -- as above.
      const [failure] = await one.store.failures(1);
      const told = failure?.problems.map(({ path, value, allowed }) => `${path} is ${value}: ${allowed}`).join() ?? '';
      if (failure?.mended_at !== null || !told.includes(says.at(-1) ?? title)) wrong.push(`${title}: ${told}`);
      config.write(file, readFileSync(join(realConfig, file), 'utf8'));
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await lookTwice(one);
      if (one.failedReload()) wrong.push(`${title}: is still failing`);
    }
    expect(wrong).toEqual([]);
    expect(await history(one)).toEqual([`${one.hash} start`]);
  }, 60_000);

  test('S66: somebody is woken once while it lasts, and again when it happens again', async () => {
    const one = await opened();
    config.edit(stages, 'order: 2', 'order: 1');
    await lookTwice(one);
    await lookTwice(one);
    config.edit(stages, 'max_high: 2', 'max_high: two');
    await lookTwice(one);
    expect(alertsIn(one)).toEqual(['config_reload_failed']);
    config.edit(stages, 'max_high: two', 'max_high: 2');
    config.edit(stages, 'name: "Pilot"\n    order: 1', 'name: "Pilot"\n    order: 2');
    await lookTwice(one);
    expect(one.failedReload()).toBeNull();
    expect((await one.store.failures(1))[0]?.mended_at).not.toBeNull();
    config.remove(stages);
    await lookTwice(one);
    expect(alertsIn(one)).toHaveLength(2);
  });

  test('S33: with JOURNEY_CONFIG_STRICT a file that begins to differ from its variable is refused', async () => {
    const env = { JOURNEY_CONFIG_STRICT: 'true', PILOT_EXIT_BUG_WINDOW_DAYS: '7' };
    const one = await opened({ env });
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await lookTwice(one);
    expect((await one.store.failures(1))[0]?.problems).toMatchObject([
      { where: 'environment', path: 'PILOT_EXIT_BUG_WINDOW_DAYS', value: '7' },
    ]);
  });

  test('a failure of a process that is gone is over with the next good look of another', async () => {
    const gone = await opened({ process: 'gone:1' });
    config.edit(stages, 'order: 2', 'order: 1');
    await lookTwice(gone);
    config.edit(stages, 'name: "Pilot"\n    order: 1', 'name: "Pilot"\n    order: 2');
    const other = await opened({ process: 'other:1' });
    expect(await other.store.failures(5)).toMatchObject([
      { process: 'gone:1', mended_at: expect.any(Number) as number },
    ]);
  });

  test('a store that is away at the wrong moment is asked again at the next look', async () => {
    let away = false;
    const store = (kept: ConfigStore): ConfigStore => ({
      ...kept,
      keep: (...version) => (away ? Promise.reject(new Error('away')) : kept.keep(...version)),
    });
    const one = await opened({ store });
    away = true;
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await one.look();
    await expect(one.look()).rejects.toThrow('away');
    expect(one.plans.active().hash).toBe(one.hash);
    away = false;
    await one.look();
    expect(one.plans.active().hash).not.toBe(one.hash);
  });
});

describe('replicas with different files', () => {
  test('S33: only the newest activated version decides', async () => {
    using other = seededConfig();
    other.edit(stages, 'window_days: 7', 'window_days: 4');
    const one = await opened();
    const two = await opened({ dir: other.dir, process: 'two:1' });
    expect(two.plans.active().hash).toBe(two.hash);
    await one.refresh();
    expect(one.plans.active().hash).toBe(two.hash);
    expect(one.own().hash).toBe(one.hash);
    // Looking at files that stay as they are undoes nothing.
    await lookTwice(one);
    config.edit(stages, 'stages:', '# only a comment\nstages:');
    await lookTwice(one);
    expect(await history(one)).toEqual([`${two.hash} start`, `${one.hash} start`]);
  });

  test('S33: those with the same files make one activation of it', async () => {
    const one = await opened();
    const two = await opened({ process: 'two:1' });
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await Promise.all([lookTwice(one), lookTwice(two)]);
    expect(await history(one)).toEqual([`${one.own().hash} reload`, `${one.hash} start`]);
    expect(two.plans.active().hash).toBe(one.own().hash);
  });

  test('an earlier version can be made to decide again, by whom is recorded', async () => {
    const one = await opened();
    config.edit(stages, 'window_days: 7', 'window_days: 6');
    await lookTwice(one);
    const by = { actor: 'ann', door: 'cli', request_id: 'r1' };
    expect(await one.activate(one.hash, by)).toBe(true);
    expect(await one.activate(one.hash, by)).toBe(false);
    expect(one.plans.active().hash).toBe(one.hash);
    expect((await one.store.activations(1))[0]).toMatchObject({ activated_by: 'ann', door: 'cli', process: 'one:1' });
  });
});
