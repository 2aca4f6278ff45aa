import { BlockList, isIP } from 'node:net';

/** Where calls to others may go, beside public addresses on the usual ports. */
export type OutboundPolicy = {
  /** Networks that are trusted though they are not public, as CIDRs: any port of them, and http as well. */
  readonly allowedNetworks: readonly string[];
  /** Ports of public addresses. */
  readonly ports: readonly number[];
};

export type AddressGuard = {
  /** Why the URL may not be called, as far as it says so itself; undefined: its name must still be looked up. */
  readonly problemOfUrl: (url: URL) => string | undefined;
  /** Why this address may not be called for the URL; undefined: it may. */
  readonly problemOfAddress: (url: URL, address: string) => string | undefined;
};

/** IPv4 that is not public: private, shared (CGNAT), loopback, link-local, documentation, benchmarks, multicast, reserved. */
const notPublicV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;
/** Of IPv6 only global unicast is public: so mapped IPv4, NAT64, unique local, link-local and multicast are not. */
const globalV6 = '2000::/3';
/** What in it still is not: special purposes and Teredo, documentation, 6to4, which carries an IPv4 address. */
const notPublicV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const;

const [blockedV4, unicastV6, blockedV6] = [
  networks(notPublicV4, 'ipv4'),
  networks([globalV6], 'ipv6'),
  networks(notPublicV6, 'ipv6'),
];

function networks(cidrs: readonly string[], family: 'ipv4' | 'ipv6', list = new BlockList()): BlockList {
  for (const cidr of cidrs) {
    const [address = '', prefix = ''] = cidr.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !blockedV4.check(address, 'ipv4');
  return unicastV6.check(address, 'ipv6') && !blockedV6.check(address, 'ipv6');
}

/** Judges URLs and the addresses that their names stand for. Every call of a destination goes through one. */
export function addressGuard({ allowedNetworks, ports }: OutboundPolicy): AddressGuard {
  // Apart by family: a list of both would also take IPv4 that is written as IPv6.
  const allowedV4 = networks(allowedNetworks.filter(isV4), 'ipv4');
  const allowedV6 = networks(
    allowedNetworks.filter((cidr) => !isV4(cidr)),
    'ipv6',
  );
  const isAllowed = (address: string): boolean =>
    isIP(address) === 4 ? allowedV4.check(address, 'ipv4') : allowedV6.check(address, 'ipv6');

  function problemOfAddress(url: URL, given: string): string | undefined {
    // A zone only says through which interface.
    const address = given.split('%', 1)[0] ?? '';
    if (isIP(address) === 0) return `${given} is no address`;
    if (isAllowed(address)) return undefined;
    if (!isPublic(address)) return `${address} is not a public address, and not in JOURNEY_OUTBOUND_ALLOWED_NETWORKS`;
    return problemOfPublic(url);
  }

  function problemOfPublic(url: URL): string | undefined {
    if (url.protocol !== 'https:') return 'http is for JOURNEY_OUTBOUND_ALLOWED_NETWORKS only';
    return ports.includes(portOf(url))
      ? undefined
      : `port ${portOf(url)} is not one of ${ports.join(', ')} (JOURNEY_OUTBOUND_PORTS)`;
  }

  return {
    problemOfAddress,
    problemOfUrl: (url) => {
      if (!/^https?:$/.test(url.protocol)) return `${url.protocol} is neither https nor http`;
      if (url.username !== '' || url.password !== '') return 'it holds credentials, which would be logged and shown';
      const literal = literalOf(url);
      if (literal !== undefined) return problemOfAddress(url, literal);
      // Whether a name is in a network is known only when it is looked up.
      return allowedNetworks.length > 0 ? undefined : problemOfPublic(url);
    },
  };
}

const isV4 = (cidr: string): boolean => !cidr.includes(':');

export const portOf = ({ protocol, port }: URL): number => Number(port || (protocol === 'https:' ? 443 : 80));

/** The address that the URL itself spells out. A URL has made one of 2130706433, 0x7f.1 and [::ffff:127.0.0.1] already. */
export function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}
