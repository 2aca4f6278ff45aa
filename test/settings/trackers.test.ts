import { describe, expect, test } from 'vitest';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, seededConfig } from './seeded-config.ts';

const github = { repositories: ['acme/search'] };
const jira = { projects: ['SUP'] };
const linear = { teams: ['ENG'] };
const all = { GITHUB_TOKEN: 'g', JIRA_URL: 'https://acme.atlassian.net', JIRA_API_TOKEN: 'j', LINEAR_API_KEY: 'l' };

const trackerOf = (collectors: object, env: Record<string, string>) => {
  using config = seededConfig();
  config.write('collectors.yaml', JSON.stringify({ collectors }));
  return loadSettings({ env, configDir: config.dir }).collectors.tracker;
};
const problem = (collectors: object, env: Record<string, string> = {}) => {
  using config = seededConfig();
  config.write('collectors.yaml', JSON.stringify({ collectors }));
  return messageOf({ env, configDir: config.dir });
};

describe('issue trackers in collectors.yaml', () => {
  test('are asked when the file says what to ask and a variable opens the door', () => {
    expect(trackerOf({ github }, all)).toMatchObject({
      kind: 'github',
      url: 'https://api.github.com',
      token: 'g',
      labels: ['bug'],
      clientName: 'client:{client_id}',
      severity: { otherwise: 'high' },
      refresh_ms: 900_000,
    });
    expect(trackerOf({ jira }, { ...all, JIRA_EMAIL: 'ann@acme.example' })).toMatchObject({
      kind: 'jira',
      email: 'ann@acme.example',
      issueTypes: ['Bug'],
      clientField: 'labels',
      clientName: 'client-{client_id}',
    });
    expect(trackerOf({ linear }, all)).toMatchObject({ kind: 'linear', url: 'https://api.linear.app', label: 'Bug' });
    expect(trackerOf({}, all)).toBeNull();
    expect(trackerOf({ github, jira, linear }, {})).toBeNull();
  });

  test('are one at a time, so that the all-clear of one stands for all', () => {
    expect(problem({ github, jira }, all)).toContain('collectors is github, jira: must name one issue tracker');
  });

  test.each([
    [{ github: { repositories: ['search'] } }, 'must be written as owner/name'],
    [{ github: { ...github, client_label: 'customer' } }, 'must hold {client_id}'],
    [{ github: { ...github, labels: ['bug,p1'] } }, 'must not hold a comma'],
    [{ github: { ...github, severity: { urgent: ['x'] } } }, 'unknown key'],
    [{ jira: { ...jira, client_field: 'Client"' } }, 'must be labels, or a field of your own as customfield_10042'],
    [{ jira: { projects: ['SUP") or ("'] } }, 'must be written as SUP'],
    [{ linear: {} }, 'collectors.linear.teams'],
  ])('refuse %j', (collectors, why) => {
    expect(problem(collectors)).toContain(why);
  });

  test('never carry credentials in an address, and show no token', () => {
    const message = problem({ jira }, { ...all, JIRA_URL: 'https://ann:secret@jira.example' });
    expect(message).toContain('JIRA_API_TOKEN does');
    expect(message).not.toContain('secret');
    using config = seededConfig();
    config.write('collectors.yaml', JSON.stringify({ collectors: { github } }));
    const { effective } = loadSettings({ env: all, configDir: config.dir });
    expect(JSON.stringify([...effective])).not.toMatch(/"value":"g"/);
  });
});
