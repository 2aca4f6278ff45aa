import { isIP } from 'node:net';
import type { Problem } from './problem.ts';
import type { CrmSettings, OutboundSettings } from './settings.ts';
import type { Values } from './values.ts';

/** What other systems are told, and where calls to them may go. */
export function outboundOf(value: Values): { readonly outbound: OutboundSettings; readonly crm: CrmSettings | null } {
  const outbound = {
    allowedNetworks: listOf(value, 'JOURNEY_OUTBOUND_ALLOWED_NETWORKS'),
    ports: listOf(value, 'JOURNEY_OUTBOUND_PORTS').map(Number),
  };
  if (!value.flag('CRM_WEBHOOK_ENABLED')) return { outbound, crm: null };
  const crm = {
    url: value.text('CRM_WEBHOOK_URL') ?? '',
    secrets: listOf(value, 'CRM_WEBHOOK_SECRET'),
    hubSignature: value.flag('CRM_WEBHOOK_HUB_SIGNATURE'),
  };
  return { outbound, crm };
}

export const listOf = (value: Values, name: string): readonly string[] =>
  (value.text(name) ?? '')
    .split(/[\s,]+/)
    .map((item) => item.trim())
    .filter((item) => item !== '');

const MOST_ITEMS = 100;

export function outboundProblems(value: Values): readonly Problem[] {
  const networks = listOf(value, 'JOURNEY_OUTBOUND_ALLOWED_NETWORKS').filter((cidr) => !isCidr(cidr));
  const ports = listOf(value, 'JOURNEY_OUTBOUND_PORTS').filter((port) => !isPort(port));
  return [
    ...networks.map((cidr) =>
      problem('JOURNEY_OUTBOUND_ALLOWED_NETWORKS', 'must be networks such as 10.0.0.0/8 or fd00::/8', cidr),
    ),
    ...ports.map((port) => problem('JOURNEY_OUTBOUND_PORTS', 'must be ports from 1 to 65535', port)),
    ...tooMany(value, 'JOURNEY_OUTBOUND_ALLOWED_NETWORKS'),
    ...tooMany(value, 'JOURNEY_OUTBOUND_PORTS'),
    ...(value.flag('CRM_WEBHOOK_ENABLED') ? crmProblems(value) : []),
  ];
}

function crmProblems(value: Values): readonly Problem[] {
  const secrets = listOf(value, 'CRM_WEBHOOK_SECRET');
  return [
    ...(value.text('CRM_WEBHOOK_URL') === null
      ? [problem('CRM_WEBHOOK_URL', 'missing: CRM_WEBHOOK_ENABLED=true needs it')]
      : []),
    ...(secrets.length === 0
      ? [problem('CRM_WEBHOOK_SECRET', 'missing: CRM_WEBHOOK_ENABLED=true needs something to sign with')]
      : []),
    ...(secrets.every(isSecret)
      ? []
      : [
          problem(
            'CRM_WEBHOOK_SECRET',
            'each must be whsec_ and base64 of 16 to 128 bytes, or text of 16 to 128 characters',
            '(hidden)',
          ),
        ]),
    ...tooMany(value, 'CRM_WEBHOOK_SECRET', 5),
  ];
}

const problem = (path: string, allowed: string, value?: string): Problem => ({
  where: 'environment',
  path,
  allowed,
  ...(value === undefined ? {} : { value }),
});

const tooMany = (value: Values, name: string, most = MOST_ITEMS): readonly Problem[] =>
  listOf(value, name).length > most ? [problem(name, `must be ${most} at most`)] : [];

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(address);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

const LEAST_SECRET = 16;
const MOST_SECRET = 128;

export function isSecret(secret: string): boolean {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (base64 === undefined && secret.startsWith('whsec_')) return false;
  const size_bytes = base64 === undefined ? secret.length : Buffer.from(base64, 'base64').length;
  return size_bytes >= LEAST_SECRET && size_bytes <= MOST_SECRET;
}
