import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { getRequestListener } from '@hono/node-server';
import { type Binding, bindings, cardFor, type Profile } from './card.ts';
import { skillExecutor } from './executor.ts';
import { idempotent } from './idempotent.ts';
import { agentRoutes } from './routes.ts';

/** Serves the agent until SIGTERM or SIGINT; prints one line of JSON once it listens. */
export async function runAgent(profile: Profile): Promise<void> {
  const options = readOptions(profile);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const url = options.publicUrl ?? `http://${options.host}:${port}`;

  // The card names the address, which is known only now when the port was left to the system.
  const card = cardFor(profile, url, options.offered);
  const executor = skillExecutor({ skills: profile.skills, work_ms: options.work_ms, failFirst: options.failFirst });
  const handler = idempotent(new DefaultRequestHandler(card, new InMemoryTaskStore(), executor));
  const listener = getRequestListener(agentRoutes({ card, handler }).fetch);
  server.on('request', (request, response) => void listener(request, response));
  console.log(JSON.stringify({ agent: profile.name, url, pid: process.pid }));

  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

const stop = (): never => process.exit(0);

function readOptions({ name, defaultPort, skills }: Profile) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(defaultPort) },
      host: { type: 'string', default: '127.0.0.1' },
      'public-url': { type: 'string' },
      'work-ms': { type: 'string', default: '1500' },
      'fail-first': { type: 'string', multiple: true, default: [] },
      bindings: { type: 'string', default: 'jsonrpc,rest' },
    },
  });
  const known = skills.map(({ intent }) => intent);
  const stranger = values['fail-first'].find((intent) => !known.includes(intent));
  if (stranger !== undefined) throw new Error(`${name} has no intent ${stranger}; it has ${known.join(', ')}.`);
  return {
    port: wholeNumber('port', values.port),
    host: values.host,
    publicUrl: values['public-url'],
    work_ms: wholeNumber('work-ms', values['work-ms']),
    failFirst: new Set(values['fail-first']),
    offered: values.bindings.split(',').map(bindingOf),
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} takes a whole number, not ${text}.`);
  return Number(text);
}

function bindingOf(text: string): Binding {
  if (Object.hasOwn(bindings, text)) return text as Binding;
  throw new Error(`--bindings takes ${Object.keys(bindings).join(' and ')}, not ${text}.`);
}
