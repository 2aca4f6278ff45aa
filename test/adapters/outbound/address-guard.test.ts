import { describe, expect, test } from 'vitest';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { guardedPost, type LookUp } from '#adapters/outbound/guarded-post.ts';
import { answering, receiver } from '#test/support/outbound/receiver.ts';

const strict = addressGuard({ allowedNetworks: [], ports: [443] });
const inCluster = addressGuard({ allowedNetworks: ['10.0.0.0/8', '127.0.0.0/8', 'fd00::/8'], ports: [443, 8443] });
const problem = (url: string, guard = strict) => guard.problemOfUrl(new URL(url));

/** Every way to write or to reach an address that is not public. */
const notPublic = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f.1',
  '0x7f000001',
  '017700000001',
  '127.0.0.1.',
  '0',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:8.8.8.8]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::8.8.8.8]',
  '[64:ff9b:1::a00:1]',
  '[2001::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[3fff::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[100::1]',
];
const isPublic = [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '[2606:4700::1111]',
];

/** A name service by the test's own word. */
const naming =
  (...addresses: readonly string[]): LookUp =>
  (_hostname, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('where webhooks may go', () => {
  test.each(notPublic)('S39: https://%s is refused, however it is written', (host) => {
    expect(problem(`https://${host}/hook`)).toContain('is not a public address');
  });

  test.each(isPublic)('S39: https://%s is a public address', (host) => {
    expect(problem(`https://${host}/hook`)).toBeUndefined();
  });

  test.each([
    ['http://1.1.1.1/hook', 'http is for JOURNEY_OUTBOUND_ALLOWED_NETWORKS only'],
    ['http://crm.example.com/hook', 'http is for JOURNEY_OUTBOUND_ALLOWED_NETWORKS only'],
    ['https://1.1.1.1:22/hook', 'port 22 is not one of 443'],
    ['https://crm.example.com:8443/hook', 'port 8443 is not one of 443'],
    ['https://ann:secret@crm.example.com/hook', 'it holds credentials'],
    ['ftp://crm.example.com/hook', 'ftp: is neither https nor http'],
    ['file:///etc/passwd', 'file: is neither https nor http'],
  ])('S39: %s is refused: %s', (url, says) => {
    expect(problem(url)).toContain(says);
  });

  test('S39: networks that are allowed may be reached by http and on any port, and nothing beside them', () => {
    expect(problem('http://10.1.2.3:9000/hook', inCluster)).toBeUndefined();
    expect(problem('http://[fd12::1]:9000/hook', inCluster)).toBeUndefined();
    expect(problem('http://crm.svc.cluster.local/hook', inCluster), 'known when it is looked up').toBeUndefined();
    expect(problem('http://192.168.1.1/hook', inCluster)).toContain('is not a public address');
    expect(problem('https://1.1.1.1:8443/hook', inCluster)).toBeUndefined();
    expect(problem('http://1.1.1.1/hook', inCluster)).toContain('http is for');
    expect(problem('https://[::ffff:10.1.2.3]/hook', inCluster), 'IPv4 in disguise').toContain('is not a public');
  });

  test.each([
    ['10.0.0.5', undefined],
    ['192.168.0.5', 'is not a public address'],
    ['::ffff:127.0.0.1', 'is not a public address'],
    ['fe80::1%eth0', 'is not a public address'],
    ['1.1.1.1', 'http is for'],
    ['nonsense', 'is no address'],
  ])('S39: a name that stands for %s: %s', (address, says) => {
    const told = inCluster.problemOfAddress(new URL('http://crm.svc.cluster.local/hook'), address);
    expect(told ?? '').toContain(says ?? '');
    expect(told === undefined).toBe(says === undefined);
  });
});

describe('a call', () => {
  const signal = new AbortController().signal;
  const request = (url: string) => ({ url: new URL(url), headers: {}, body: '{}', signal });

  test('S39: an address in the URL itself is judged, although nothing looks it up', async () => {
    await using crm = await receiver();
    const post = guardedPost(addressGuard({ allowedNetworks: ['10.0.0.0/8'], ports: [443] }));
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other.
      const posted = await post(request(`http://${host}:${crm.port}/`));
      expect(posted).toMatchObject({
        type: 'failed',
        connected: false,
        problem: expect.stringContaining('is not a public address') as string,
      });
    }
    expect(crm.received).toEqual([]);
  });

  test('S39: a name that stands for a private address is refused at the moment of the call', async () => {
    await using crm = await receiver();
    const guard = addressGuard({ allowedNetworks: ['10.0.0.0/8'], ports: [443] });
    const posted = await guardedPost(guard, naming('127.0.0.1'))(request(`http://crm.example.com:${crm.port}/`));
    expect(posted).toEqual({
      type: 'failed',
      connected: false,
      problem: expect.stringContaining('crm.example.com: 127.0.0.1 is not a public address') as string,
    });
    expect(crm.received).toEqual([]);
  });

  test('S39: the real lookup is guarded as well: localhost is refused by its address', async () => {
    await using crm = await receiver();
    const guard = addressGuard({ allowedNetworks: ['10.0.0.0/8'], ports: [443] });
    const posted = await guardedPost(guard)(request(`http://localhost:${crm.port}/`));
    expect(posted).toMatchObject({ type: 'failed', connected: false });
    expect(crm.received).toEqual([]);
  });

  test('S39: a name is looked up once a call, and the connection goes to the address that was judged', async () => {
    await using crm = await receiver();
    let asked = 0;
    const changing: LookUp = (hostname, done) => {
      asked += 1;
      naming(asked === 1 ? '127.0.0.1' : '192.168.0.1')(hostname, done);
    };
    const post = guardedPost(inCluster, changing);
    expect(await post(request(`http://crm.example.com:${crm.port}/`))).toMatchObject({ type: 'answered', status: 204 });
    expect(asked).toBe(1);
    expect(await post(request(`http://crm.example.com:${crm.port}/`))).toMatchObject({ type: 'failed' });
  });

  test('S39: of several addresses only those that may be called are tried', async () => {
    await using crm = await receiver();
    const post = guardedPost(inCluster, naming('192.168.0.1', '127.0.0.1'));
    expect(await post(request(`http://crm.example.com:${crm.port}/`))).toMatchObject({ type: 'answered' });
  });

  test('S39: a redirect is reported and not followed', async () => {
    await using other = await receiver();
    await using crm = await receiver(answering(302, { location: other.url }));
    expect(await guardedPost(inCluster)(request(crm.url))).toMatchObject({
      type: 'answered',
      status: 302,
      location: other.url,
    });
    expect(other.received).toEqual([]);
  });
});
