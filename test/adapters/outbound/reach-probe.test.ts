import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { reach, type ReachOptions } from '#adapters/outbound/reach-probe.ts';
import { DAY } from '#core/time.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';

const guard = addressGuard({ allowedNetworks: ['127.0.0.0/8'], ports: [443] });
const never = new AbortController().signal;
const look = (url: string, more: Partial<ReachOptions> = {}, signal = never) =>
  reach({ url: new URL(url), guard, now: Date.now, ...more }, signal);

let server: Server | undefined;
let heard = 0;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  server = undefined;
  heard = 0;
});

async function listen(made: Server): Promise<number> {
  server = made;
  made.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('data', ({ length }) => (heard += length)).on('error', () => undefined);
  });
  await new Promise<void>((done) => void made.listen(0, '127.0.0.1', done));
  return (made.address() as AddressInfo).port;
}

describe('whether a receiver can be reached', () => {
  test('one that takes connections is well, and hears nothing from us', async () => {
    const port = await listen(createServer());
    const [found] = await look(`http://127.0.0.1:${port}/hook?token=secret`);
    expect(found).toEqual({ state: 'ok', said: `127.0.0.1:${port} (127.0.0.1) takes connections` });
    expect(heard).toBe(0);
  });

  test('nobody there, no such name, no https there: each is told with what to do, and never with the path', async () => {
    const port = await listen(createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const noName = { lookUp: () => Promise.reject(new Error('getaddrinfo ENOTFOUND crm.invalid')) };
    const found = [
      ...(await look('http://127.0.0.1:9/hook-secret')),
      ...(await look('https://crm.invalid/hook-secret', noName)),
      ...(await look(`https://127.0.0.1:${port}/hook-secret`)),
    ];
    expect(found.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
    expect(found[0]?.said).toContain('ECONNREFUSED');
    expect(found[1]?.said).toContain('crm.invalid has no address');
    expect(found.every(({ hint = '' }) => hint !== '')).toBe(true);
    expect(JSON.stringify(found)).not.toContain('hook-secret');
  });

  test('S39: a name that stands for an address inside is not connected to', async () => {
    const port = await listen(createServer());
    const strict = addressGuard({ allowedNetworks: [], ports: [443, port] });
    const inside = { guard: strict, lookUp: () => Promise.resolve([{ address: '127.0.0.1' }]) };
    const [found] = await look(`https://crm.example.com:${port}/`, inside);
    expect(found?.state).toBe('failed');
    expect(found?.said).toContain('127.0.0.1 is not a public address');
    expect(found?.hint).toContain('JOURNEY_OUTBOUND_ALLOWED_NETWORKS');
  });

  test('one that never answers is let go when the time is over', async () => {
    const port = await listen(createServer());
    const late = new AbortController();
    // The other side takes the connection and never speaks TLS.
    const looking = look(`https://127.0.0.1:${port}/`, {}, late.signal);
    late.abort();
    expect((await looking)[0]).toMatchObject({ state: 'failed', said: expect.stringContaining('given up') });
  });
});

const openssl = programNamed('openssl');
describeWhere(openssl !== undefined, 'the certificate of a receiver', 'there is no openssl to make one', () => {
  const DAYS = 30;
  let folder: string;
  let pair: { readonly key: string; readonly cert: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'journey-certificate-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync(openssl ?? '', [...made, '-days', String(DAYS), '-keyout', key, '-out', cert, ...subject], {
      stdio: 'pipe',
    });
    pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is told with its last day, and as a warning once that is near', async () => {
    const port = await listen(createTlsServer(pair));
    const [well] = await look(`https://127.0.0.1:${port}/`, { ca: pair.cert });
    expect(well?.state).toBe('ok');
    expect(well?.said).toMatch(/TLSv1\.\d, certificate until \d{4}-\d\d-\d\d$/);
    const later = { ca: pair.cert, now: () => Date.now() + (DAYS - 10) * DAY };
    const [soon] = await look(`https://127.0.0.1:${port}/`, later);
    expect(soon).toMatchObject({ state: 'warning', hint: expect.stringContaining('Renew') });
  });

  test('from an authority that nobody knows is a failure, with the way to name one', async () => {
    const port = await listen(createTlsServer(pair));
    const [found] = await look(`https://127.0.0.1:${port}/`);
    expect(found).toMatchObject({ state: 'failed', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
  });
});
