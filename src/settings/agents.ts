import type { AgentsFile } from './file-schemas.ts';
import { shown, type Problem } from './problem.ts';
import type { VariablesRead } from './read-variables.ts';
import type { AgentsConfig, DiscoverySettings } from './settings.ts';
import type { Values } from './values.ts';

export const agentsOf = ({ agents, routes }: AgentsFile): AgentsConfig => ({
  agents: agents.map(({ agent_id, card_url, intents }) => ({ agentId: agent_id, cardUrl: card_url, intents })),
  routes,
});

/** Where agents are found beside those that the file names, and how all of them are reached. */
export const discoveryOf = (value: Values, file: AgentsFile): DiscoverySettings => ({
  wellKnown: file.well_known.map(originOf),
  aliases: file.aliases,
  allowedOrigins: file.allowed_origins.map(originOf),
  broker: serviceUrl(value, 'PROTOCOL_BROKER'),
  catalogue: serviceUrl(value, 'CAPABILITY_DISCOVERY'),
  tokens: tokensOf(value.text('JOURNEY_AGENT_TOKENS') ?? '').tokens,
});

/** Whether agents may be offered that no file names. */
export const isDiscovering = (file: Pick<AgentsFile, 'well_known'>, given: VariablesRead['given']): boolean =>
  file.well_known.length > 0 || given.has('CAPABILITY_DISCOVERY_HOST');

const originOf = (url: string): string => new URL(url).origin;

function serviceUrl(value: Values, prefix: 'PROTOCOL_BROKER' | 'CAPABILITY_DISCOVERY'): string | null {
  const host = value.text(`${prefix}_HOST`);
  if (host === null) return null;
  const scheme = value.flag(`${prefix}_TLS`) ? 'https' : 'http';
  return `${scheme}://${host}:${value.number(`${prefix}_PORT`)}${value.text(`${prefix}_PATH`)}`;
}

/** `origin=token`, separated by commas. */
function tokensOf(text: string): { readonly tokens: { readonly [origin: string]: string }; readonly unfit: number } {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const pairs = items.flatMap((item) => {
    const at = item.indexOf('=');
    const [url, token] = [item.slice(0, at), item.slice(at + 1)];
    return at > 0 && isOrigin(url) && /^[\x21-\x7e]{1,4096}$/.test(token) ? [[originOf(url), token] as const] : [];
  });
  return { tokens: Object.fromEntries(pairs), unfit: items.length - pairs.length };
}

/** Scheme, host and port, and nothing else. */
export const isOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, href } = new URL(text);
  return /^https?:$/.test(protocol) && href === `${origin}/`;
};

// A name or an address, as it stands in a URL: a scheme or a path would end up in the middle of one.
const HOST = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;

const isPath = (text: string): boolean => /^\/[\w.~!$&'()*+,;=:@%/{}-]{0,500}$/.test(text);

export function discoveryProblems({ given }: VariablesRead): readonly Problem[] {
  const said = (name: string, fits: (text: string) => boolean, allowed: string): readonly Problem[] => {
    const one = given.get(name);
    if (one === undefined || fits(String(one.value))) return [];
    return [{ where: one.source, path: name, value: shown(one.value), allowed }];
  };
  const tokens = given.get('JOURNEY_AGENT_TOKENS');
  const host = 'must be a host name or an address, without a scheme, a port or a path';
  return [
    ...said('PROTOCOL_BROKER_HOST', (text) => HOST.test(text), host),
    ...said('CAPABILITY_DISCOVERY_HOST', (text) => HOST.test(text), host),
    ...said(
      'PROTOCOL_BROKER_PATH',
      (text) => isPath(text) && text.split('{id}').length === 2,
      'must be a path with {id} in it once, as /agents/{id}',
    ),
    ...said(
      'CAPABILITY_DISCOVERY_PATH',
      (text) => isPath(text) && !/[{}]/.test(text),
      'must be a path, as /.well-known/ai-catalog.json',
    ),
    ...(tokens !== undefined && tokensOf(String(tokens.value)).unfit > 0
      ? [
          {
            where: tokens.source,
            path: 'JOURNEY_AGENT_TOKENS',
            value: '(hidden)',
            allowed: 'must be origins with tokens, as https://agents.example.com=token, separated by commas',
          },
        ]
      : []),
  ];
}
