import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { neededScopes } from '#bot/check.ts';
import { COMMAND } from '#bot/command.ts';
import { SLACK_PATH } from '#bot/receiver.ts';
import { top } from '#test/architecture/source.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- as Slack reads it.
const manifest = load(readFileSync(join(top, 'bot/manifest.yaml'), 'utf8')) as any;

it('the manifest asks for the scopes that are needed, and for no more', () => {
  expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual(Object.keys(neededScopes).toSorted());
  expect(manifest.oauth_config.scopes).not.toHaveProperty('user');
});

it('the manifest leads to what is there: the command, the address, the events that are listened to', () => {
  const [command] = manifest.features.slash_commands;
  expect(command).toMatchObject({ command: COMMAND, should_escape: true });
  const urls = [
    command.url,
    manifest.settings.event_subscriptions.request_url,
    manifest.settings.interactivity.request_url,
  ];
  expect(new Set(urls.map((url) => new URL(url).pathname))).toEqual(new Set([SLACK_PATH]));
  expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual([
    'app_home_opened',
    'app_uninstalled',
    'tokens_revoked',
  ]);
});

it('the manifest keeps to the lengths that Slack takes', () => {
  const { display_information: shown, features } = manifest;
  expect(shown.name.length).toBeLessThanOrEqual(35);
  expect(shown.description.length).toBeLessThanOrEqual(140);
  expect(features.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
  expect(features.slash_commands[0].description.length).toBeLessThanOrEqual(2_000);
  expect(features.slash_commands[0].usage_hint.length).toBeLessThanOrEqual(1_000);
});

it('docs/slack.md explains every scope', () => {
  const docs = readFileSync(join(top, 'docs/slack.md'), 'utf8');
  for (const scope of Object.keys(neededScopes)) expect(docs).toContain(`\`${scope}\``);
});
