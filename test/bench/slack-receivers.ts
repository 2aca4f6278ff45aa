import { App, HTTPReceiver, type Receiver } from '@slack/bolt';
import { sleep, systemClock } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { honoReceiver } from '#bot/receiver.ts';
import { quietLogger } from '#bot/web-api.ts';
import { httpApp } from '#http/app.ts';
import { serve } from '#http/serve.ts';
import { refuse } from '#core/errors.ts';
import { wideEntrance } from '#test/support/http/wide-entrance.ts';

// One receiver in a process of its own, told over IPC when to count. Both do the same: check, dispatch, ack.
const [which = '', secret = ''] = process.argv.slice(2);
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function ours(): Promise<{ readonly receiver: Receiver; readonly port: () => Promise<number> }> {
  const { receiver, routes } = honoReceiver({ signingSecrets: [secret], clock: systemClock(), logger });
  const app = httpApp({
    execute: async () => ({ ok: true, output: {} }),
    entrance: wideEntrance(async () => refuse('auth.invalid', 'nobody')),
    catalogue: [],
    readiness: async () => ({ ready: true, mode: 'bench', checks: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    ids: cryptoIds,
    logger,
    now: () => performance.now(),
    version: '0',
  });
  app.route('/', routes);
  return { receiver, port: async () => (await serve({ app, host: '127.0.0.1', port: 0, logger, sleep })).port };
}

async function bolts(): Promise<{ readonly receiver: Receiver; readonly port: () => Promise<number> }> {
  const receiver = new HTTPReceiver({ signingSecret: secret, logger: quietLogger(logger) });
  return {
    receiver,
    port: async () => {
      const server = await receiver.start(0);
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    },
  };
}

const { receiver, port } = await (which === 'ours' ? ours() : bolts());
const app = new App({
  receiver,
  authorize: async () => ({ botToken: 'xoxb-bench' }),
  logger: quietLogger(logger),
  convoStore: false,
});
app.command('/journey', async ({ ack }) => ack());

let before = process.cpuUsage();
process.on('message', (word) => {
  if (word === 'begin') before = process.cpuUsage();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpu_us: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: await port() });
