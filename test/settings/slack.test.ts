import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '#settings/load-settings.ts';
import { realConfig } from '#test/support/engine/fixtures.ts';

const load = (env: Record<string, string>) => loadSettings({ env, configDir: realConfig });
const token = { SLACK_BOT_TOKEN: 'xoxb-secret-canary' };
const both = { ...token, SLACK_SIGNING_SECRET: 'one-secret, other-secret' };

describe('the settings of Slack', () => {
  it('S44: without a bot token there is no Slack', () => {
    expect(load({}).slack).toBeNull();
  });

  it('S44: are read into lists, and the signing secret may be two while it is rotated', () => {
    const { slack } = load({
      ...both,
      SLACK_ADMINS: 'U012AB3CD,T0OTHER/W012AB3CD',
      SLACK_CHANNEL: 'C012AB3CD',
      SLACK_STAGE_CHANNELS: 'pilot=C045EF6GH',
      SLACK_GROUP_ROLES: 'S012AB3CD=approver,S045EF6GH=operator+viewer',
    });
    expect(slack).toEqual({
      botToken: 'xoxb-secret-canary',
      signingSecrets: ['one-secret', 'other-secret'],
      appToken: null,
      apiUrl: 'https://slack.com/api/',
      admins: ['U012AB3CD', 'T0OTHER/W012AB3CD'],
      channel: 'C012AB3CD',
      stageChannels: { pilot: 'C045EF6GH' },
      groupRoles: { S012AB3CD: ['approver'], S045EF6GH: ['operator', 'viewer'] },
    });
  });

  it('S44: secrets come from files, too', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'slack-settings-')), 'token');
    writeFileSync(file, 'xoxb-from-a-file\n');
    expect(load({ SLACK_BOT_TOKEN_FILE: file, SLACK_APP_TOKEN: 'xapp-0123456789' }).slack).toMatchObject({
      botToken: 'xoxb-from-a-file',
      appToken: 'xapp-0123456789',
      signingSecrets: [],
    });
  });

  it.each([
    [token, 'SLACK_SIGNING_SECRET: missing'],
    [{ SLACK_SIGNING_SECRET: 'one-secret' }, 'SLACK_BOT_TOKEN: missing although SLACK_SIGNING_SECRET'],
    [{ ...both, SLACK_CHANNEL: '#journeys' }, 'SLACK_CHANNEL is "#journeys": must be the id of a channel'],
    [{ ...both, SLACK_CHANNEL: 'C012AB3CD,C045EF6GH' }, 'SLACK_CHANNEL'],
    [{ ...both, SLACK_ADMINS: 'ann' }, 'SLACK_ADMINS is "ann": must be user ids'],
    [{ ...both, SLACK_GROUP_ROLES: 'S012AB3CD=owner' }, 'SLACK_GROUP_ROLES'],
    [{ ...both, SLACK_STAGE_CHANNELS: 'C012AB3CD' }, 'SLACK_STAGE_CHANNELS'],
  ])('a mistake stops the start, with what is allowed, and shows no secret: %j', (env, told) => {
    let problem = '';
    try {
      load(env);
    } catch (error) {
      problem = String(error);
    }
    expect(problem).toContain(told);
    expect(problem).not.toMatch(/canary|one-secret/);
  });
});
