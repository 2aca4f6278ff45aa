import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '#core/time.ts';
import { issueTrackerProbes, issueTrackers } from '#src/composition/issue-trackers.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { seededConfig } from '#test/settings/seeded-config.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';
import { gitHubDouble, type GitHubDouble } from '#test/support/trackers/github-double.ts';

const bugWindow = {
  check_id: 'bug_window',
  name: 'Bugs',
  validator: 'BugWindowValidator',
  parameters: { window_days: 7, max_critical: 0, max_high: 0 },
};
const document = smallDocument([{ id: 'pilot', criteria: [bugWindow] }, { id: 'production' }]);

describe('bugs that an issue tracker knows', () => {
  const engine = drivenEngine();
  let gitHub: GitHubDouble;
  beforeEach(async () => {
    gitHub = await gitHubDouble();
    gitHub.issues.set('acme/search', []);
  });
  afterEach(() => gitHub[Symbol.asyncDispose]());

  function settingsOf() {
    using config = seededConfig();
    config.write('collectors.yaml', JSON.stringify({ collectors: { github: { repositories: ['acme/search'] } } }));
    return loadSettings({
      env: { GITHUB_TOKEN: 'ghp_secret', GITHUB_API_URL: gitHub.url },
      configDir: config.dir,
    });
  }
  async function begin(): Promise<void> {
    const collectors = issueTrackers(settingsOf(), engine.clock);
    await engine.begin({ settings: { document }, collectors });
    await engine.start('acme');
  }
  const bug = (number: number, closed_at?: string) => ({
    number,
    labels: ['bug', 'client:acme', 'high'],
    created_at: new Date(engine.clock.journey()).toISOString(),
    ...(closed_at === undefined ? {} : { closed_at }),
  });
  const evidence = async () => (await engine.engine.call('evidence.show', { client_id: 'acme' })).evidence;
  const looked = (fits: (seen: Awaited<ReturnType<typeof evidence>>) => boolean) =>
    eventually(
      async () => {
        await engine.clock.advance(5 * SECOND);
        return evidence();
      },
      fits,
      30_000,
    );

  test('S78: open the gate when the tracker was asked, knows the client and has none', async () => {
    gitHub.labels.add('client:acme');
    await begin();
    const [first] = await looked((seen) => seen.length > 0);
    expect(first).toMatchObject({ kind: 'bug', subject: '-', origin: 'collector:github', value: { all_clear: true } });
    engine.ahead_ms = 7 * DAY + HOUR;
    await engine.later('acme', ({ stage }) => stage === 'production', MINUTE);
    expect(await verify(engine.at.database)).toMatchObject({ broken: [] });
  });

  test('S78: hold it while the tracker has never heard of the client, and why says so', async () => {
    await begin();
    const { sentence } = await eventually(
      async () => {
        await engine.clock.advance(5 * SECOND);
        return engine.engine.call('journey.explain', { client_id: 'acme' });
      },
      (why) => why.sentence.includes('GitHub knows nothing called client:acme'),
      30_000,
    );
    expect(sentence).toContain('evidence could not be collected');
    expect(await evidence()).toEqual([]);
  });

  test('S78: hold it while one is open, and for the window after it was closed', async () => {
    await begin();
    gitHub.issues.set('acme/search', [bug(7)]);
    await looked((seen) => seen[0]?.subject === 'acme/search#7');
    engine.ahead_ms = 8 * DAY;
    const { criteria } = await engine.later('acme', ({ criteria: [one] }) => one.outcome === 'failed', MINUTE);
    expect(criteria).toMatchObject([{ code: 'bug_window.too_many', measured: { critical: 0, high: 1 } }]);
    gitHub.issues.set('acme/search', [bug(7, new Date(engine.clock.journey() + 8 * DAY).toISOString())]);
    await engine.later('acme', ({ criteria: [one] }) => one.outcome === 'failed' && one.changes_at !== null, MINUTE);
    engine.ahead_ms = 16 * DAY;
    await engine.later('acme', ({ stage }) => stage === 'production', MINUTE);
  });

  test('doctor finds whether it may be read', async () => {
    const [probe] = issueTrackerProbes(settingsOf(), { machine: () => Date.now() });
    const signal = new AbortController().signal;
    expect(await probe?.look(signal)).toEqual([{ state: 'ok', said: 'GitHub answers, with 0 bugs.' }]);
    gitHub.issues.delete('acme/search');
    expect(await probe?.look(signal)).toMatchObject([{ state: 'failed', said: 'GitHub says 404: Not Found.' }]);
  });
});
