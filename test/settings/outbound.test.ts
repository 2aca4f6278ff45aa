import { describe, expect, test } from 'vitest';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig } from './seeded-config.ts';

const load = (env: Environment) => loadSettings({ env, configDir: realConfig });
const OLD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const crm = {
  CRM_WEBHOOK_ENABLED: 'true',
  CRM_WEBHOOK_URL: 'https://crm.example.com/webhooks/journey',
  CRM_WEBHOOK_SECRET: OLD,
};

describe('what other systems are told', () => {
  test('S38: nothing, unless it is enabled, whatever else is set', () => {
    expect(load({}).crm).toBeNull();
    expect(load({ ...crm, CRM_WEBHOOK_ENABLED: 'false' }).crm).toBeNull();
    expect(load(crm).crm).toEqual({ url: crm.CRM_WEBHOOK_URL, secrets: [OLD], hubSignature: false });
  });

  test('S40: the secret is a list while it is being replaced, of either kind', () => {
    const settings = load({ ...crm, CRM_WEBHOOK_SECRET: `${OLD}, a-plain-text-of-16`, CRM_WEBHOOK_HUB_SIGNATURE: '1' });
    expect(settings.crm).toMatchObject({ secrets: [OLD, 'a-plain-text-of-16'], hubSignature: true });
  });

  test.each([
    ['S38', { CRM_WEBHOOK_URL: '' }, 'CRM_WEBHOOK_URL: missing'],
    [
      'S39',
      { CRM_WEBHOOK_URL: 'crm.example.com' },
      'CRM_WEBHOOK_URL is "crm.example.com": must be an http or https URL',
    ],
    ['S40', { CRM_WEBHOOK_SECRET: '' }, 'CRM_WEBHOOK_SECRET: missing'],
    ['S40', { CRM_WEBHOOK_SECRET: 'too-short' }, 'CRM_WEBHOOK_SECRET is (hidden)'],
    ['S40', { CRM_WEBHOOK_SECRET: 'whsec_not/base64!' }, 'CRM_WEBHOOK_SECRET is (hidden)'],
    ['S40', { CRM_WEBHOOK_SECRET: `${OLD},too-short` }, 'CRM_WEBHOOK_SECRET is (hidden)'],
    ['S40', { CRM_WEBHOOK_SECRET: Array(6).fill(OLD).join() }, 'CRM_WEBHOOK_SECRET: must be 5 at most'],
    [
      'S39',
      { JOURNEY_OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0' },
      'JOURNEY_OUTBOUND_ALLOWED_NETWORKS is 10.0.0.0: must be',
    ],
    ['S39', { JOURNEY_OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0/33' }, 'JOURNEY_OUTBOUND_ALLOWED_NETWORKS is 10.0.0.0/33'],
    ['S39', { JOURNEY_OUTBOUND_ALLOWED_NETWORKS: 'fd00::/8,crm' }, 'JOURNEY_OUTBOUND_ALLOWED_NETWORKS is crm'],
    ['S39', { JOURNEY_OUTBOUND_PORTS: '443,0' }, 'JOURNEY_OUTBOUND_PORTS is 0: must be ports'],
  ])('%s: %j stops the start: %s', (_item, env: Environment, says) => {
    const message = messageOf({ env: { ...crm, ...env } });
    expect(message).toContain(says);
    expect(message).not.toMatch(/too-short|MfKQ9r8/);
  });

  test('S39: networks and ports are lists', () => {
    const env = { JOURNEY_OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0/8, fd00::/8', JOURNEY_OUTBOUND_PORTS: '443 8443' };
    expect(load(env).outbound).toEqual({ allowedNetworks: ['10.0.0.0/8', 'fd00::/8'], ports: [443, 8443] });
  });
});
