import { expect, it } from 'vitest';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { person, wordsIn } from '#test/support/slack/people.ts';
import { command } from '#examples/slack/requests.ts';
import { slackApp } from '#test/support/slack/slack-app.ts';
import { startSlackDouble, type Fields } from '#examples/slack/slack-double.ts';
import { olga } from '#test/support/engine/fixtures.ts';

const envelope = (id: string, line: string, responseUrl: string): Fields => ({
  envelope_id: id,
  type: 'slash_commands',
  accepts_response_payload: true,
  payload: Object.fromEntries(new URLSearchParams(command(line, 'U0ADMIN', responseUrl))),
});

it('Socket Mode: Slack is reached from here, an envelope is acknowledged and acted on once, and nothing listens over HTTP', async () => {
  const at = await freshEmbedded();
  await using slack = await startSlackDouble();
  slack.users.set('U0ADMIN', person);
  await using app = await slackApp({
    database: at.database,
    slack,
    slackSettings: { appToken: 'xapp-canary', signingSecrets: [] },
  });
  const { orchestrator } = app.engine;
  expect(orchestrator.slack?.routes).toBeNull();
  expect((await fetch(`${app.url}/slack/events`, { method: 'POST', body: '' })).status).toBe(404);
  orchestrator.slack?.start();
  const socket = await eventually(
    async () => slack.sockets[0],
    (one) => one !== undefined,
  );
  socket?.send(envelope('e1', 'start acme jira', slack.responseUrl('socket')));
  socket?.send(envelope('e1', 'start acme jira', slack.responseUrl('again')));
  const said = await eventually(
    async () => slack.said.find(({ url }) => url === '/respond/socket'),
    (one) => one !== undefined,
  );
  expect(wordsIn(said)).toMatch(/started the journey/);
  expect(socket?.received.map(({ envelope_id }) => envelope_id)).toContain('e1');
  expect(slack.said.filter(({ url }) => url === '/respond/again')).toEqual([]);
  const check = await app.engine.call('slack.check', {}, { ...olga, roles: ['admin'] });
  expect(JSON.stringify(check)).toMatch(/Socket Mode/);
});

it('Socket Mode that cannot connect stops no start', async () => {
  const at = await freshEmbedded();
  await using slack = await startSlackDouble();
  slack.mishaps('apps.connections.open', { is: 'error', error: 'invalid_auth' });
  await using app = await slackApp({
    database: at.database,
    slack,
    slackSettings: { appToken: 'xapp-canary', signingSecrets: [] },
  });
  app.engine.orchestrator.slack?.start();
  await eventually(
    async () => slack.callsOf('apps.connections.open').length,
    (calls) => calls > 0,
  );
  expect((await fetch(`${app.url}/health`)).status).toBe(200);
});
