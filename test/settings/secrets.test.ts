import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig } from './seeded-config.ts';

const load = (env: Environment) => loadSettings({ env, configDir: realConfig });
const password = (env: Environment) => load(env).store.password;

describe('secrets', () => {
  test('S10: ${NAME} is taken from the variable NAME', () => {
    const env = { JOURNEY_STATE_DB_PASSWORD: '${DB_PASSWORD}', DB_PASSWORD: 'open sesame' };
    expect(password(env)).toBe('open sesame');
  });

  test('S10: ${NAME} without NAME stops the start and names it', () => {
    expect(messageOf({ env: { JOURNEY_STATE_DB_PASSWORD: '${DB_PASSWORD}' } })).toContain(
      'JOURNEY_STATE_DB_PASSWORD: refers to ${DB_PASSWORD}, but DB_PASSWORD is not set',
    );
    const chain = { JOURNEY_STATE_DB_PASSWORD: '${A}', A: '${B}', B: 'x' };
    expect(messageOf({ env: chain })).toContain('only one step is followed');
  });

  test('S10: $(NAME), as Kubernetes leaves it where NAME is missing, stops the start and names it', () => {
    expect(messageOf({ env: { JOURNEY_STATE_DB_PASSWORD: '$(DB_PASSWORD)' } })).toContain(
      'JOURNEY_STATE_DB_PASSWORD: is $(DB_PASSWORD) itself: DB_PASSWORD was not set where it was made',
    );
  });

  test('S10: NAME_FILE names a file, whose last line end does not belong to the secret', () => {
    const dir = mkdtempSync(join(tmpdir(), 'journey-secret-'));
    try {
      const file = join(dir, 'password');
      writeFileSync(file, 'from a file\n');
      expect(password({ JOURNEY_STATE_DB_PASSWORD_FILE: file })).toBe('from a file');
      expect(messageOf({ env: { JOURNEY_STATE_DB_PASSWORD_FILE: `${file}.gone` } })).toContain(
        'cannot be read (ENOENT)',
      );
      expect(messageOf({ env: { JOURNEY_STATE_DB_PASSWORD_FILE: file, JOURNEY_STATE_DB_PASSWORD: 'x' } })).toContain(
        'either JOURNEY_STATE_DB_PASSWORD or JOURNEY_STATE_DB_PASSWORD_FILE',
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('S10: no secret ever stands in a message, a warning or an origin', () => {
    const env = { JOURNEY_BOOTSTRAP_TOKEN: 'hunter2', JOURNEY_STATE_DB_PASSWORD: 'hunter22', JOURNEY_HTTP_PORT: 'x' };
    const message = messageOf({ env });
    expect(message).toContain('JOURNEY_BOOTSTRAP_TOKEN is (hidden): must have at least 16 characters');
    expect(message).not.toContain('hunter2');
    const settings = load({ JOURNEY_STATE_DB_PASSWORD: 'hunter22', CRM_WEBHOOK_SECRET: 'hunter22' });
    expect(JSON.stringify([settings.findings, [...settings.effective], settings.document])).not.toContain('hunter22');
  });

  test('I18: what a switch of a group shows is the switch, and an address that holds a password shows its place', () => {
    const { effective } = load({
      CRM_WEBHOOK_ENABLED: 'true',
      CRM_WEBHOOK_URL: 'https://crm.example.com/hooks/canary-0123456789abcdef',
      CRM_WEBHOOK_SECRET: 'canary-of-the-webhook',
    });
    expect(effective.get('crm')?.value).toBe(true);
    expect(effective.get('crm.url')?.value).toBe('https://crm.example.com/hooks/***');
    expect(JSON.stringify([...effective])).not.toContain('canary');
  });

  test('I18: all secrets are known to whoever cleans what is written, also each of a list and of an address', () => {
    const secrets = load({
      JOURNEY_STATE_DB_PASSWORD: '${DB_PASSWORD}',
      DB_PASSWORD: 'open sesame',
      CRM_WEBHOOK_SECRET: 'the-new-secret-of-it, the-old-secret-of-it',
      SMTP_URL: 'smtp://user:p%40ssword@mail:587',
      GLEAN_API_ENDPOINT: 'https://acme-be.glean.com',
      GLEAN_SERVICE_ACCOUNT: 'glean-credential',
    }).secrets();
    const each = ['open sesame', 'the-new-secret-of-it', 'the-old-secret-of-it', 'p@ssword', 'glean-credential'];
    expect(secrets).toEqual(expect.arrayContaining(each));
  });
});
