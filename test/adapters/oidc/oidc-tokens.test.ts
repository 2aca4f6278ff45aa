import { createHmac } from 'node:crypto';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type Refusal } from '#core/errors.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import type { Principal } from '#application/principal.ts';
import type { Authenticate } from '#application/tokens.ts';
import { isJwt, oidcTokens, type OidcOptions } from '#adapters/oidc/oidc-tokens.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { startIssuer, type Claims, type Issuer } from '#test/support/oidc/issuer.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const AUDIENCE = 'journeys';
const meaningThemselves = Object.fromEntries(
  ['viewer', 'operator', 'approver', 'admin', 'agent'].map((name) => [name, [name]]),
);

let issuer: Issuer;
let clock: VirtualClock;
let authenticate: Authenticate;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const verifier = (more: Partial<OidcOptions> = {}): Authenticate =>
  oidcTokens({
    issuer: issuer.url,
    audiences: [AUDIENCE],
    mcpAudience: null,
    nameClaim: 'sub',
    rolesClaim: 'roles',
    roles: meaningThemselves,
    clientsClaim: null,
    groupsClaim: null,
    algorithms: ['RS256', 'ES256'],
    clockTolerance_ms: 30 * SECOND,
    clock,
    logger: quiet,
    ...more,
  });
const token = (claims: Claims = {}, header = {}): Promise<string> =>
  issuer.token({ sub: 'ann', aud: AUDIENCE, roles: ['operator'], ...claims }, clock.machine(), header);
const asked = async (given: string | Promise<string>, how = authenticate): Promise<Principal | Refusal> =>
  how(await given, 'rest');
const refused = async (given: string | Promise<string>, how = authenticate): Promise<Refusal> => {
  const answer = await asked(given, how);
  if (!isRefusal(answer)) throw new Error(`It was let in as ${answer.id}.`);
  return answer;
};
const letIn = async (given: string | Promise<string>, how = authenticate): Promise<Principal> => {
  const answer = await asked(given, how);
  if (isRefusal(answer)) throw new Error(answer.message);
  return answer;
};

beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer[Symbol.asyncDispose]());
beforeEach(() => {
  issuer.answer(null);
  clock = virtualClock();
  authenticate = verifier();
});

describe('S44: a token of the issuer', () => {
  test('stands for whom it names, with the roles that it names', async () => {
    expect(await letIn(token())).toEqual({
      id: 'ann',
      kind: 'user',
      roles: ['operator'],
      clients: null,
      evidenceKinds: [],
      intents: null,
      groups: [],
    });
  });

  test('that has expired is refused under its own code, within the tolerance it is not', async () => {
    const given = await token();
    await clock.advance(10 * MINUTE + 29 * SECOND);
    expect(await letIn(given)).toMatchObject({ id: 'ann' });
    await clock.advance(2 * SECOND);
    expect(await refused(given)).toMatchObject({ refused: 'auth.expired' });
  });

  test('without an end is refused', async () => {
    expect(await refused(token({ exp: undefined }))).toMatchObject({
      refused: 'auth.invalid',
      message: expect.stringContaining('exp'),
    });
  });

  test('that is not valid yet is refused', async () => {
    const nbf = Math.floor(clock.machine() / 1000) + 31;
    expect(await refused(token({ nbf }))).toMatchObject({ message: expect.stringContaining('not valid before') });
    await clock.advance(2 * SECOND);
    expect(await letIn(token({ nbf }))).toMatchObject({ id: 'ann' });
  });

  test.each([['another'], [['another', 'more']], [undefined]])(
    'for %s is refused: it was made for others',
    async (aud) => {
      expect(await refused(token({ aud }))).toMatchObject({
        refused: 'auth.invalid',
        message: expect.stringMatching(/not for journeys|aud/),
      });
    },
  );

  test('that names another issuer is refused', async () => {
    expect(await refused(token({ iss: 'https://other.example' }))).toMatchObject({
      message: `The token is from "https://other.example", not from ${issuer.url}.`,
    });
  });

  test('without a signature (alg none) is refused', async () => {
    const unsigned = new UnsecuredJWT({ sub: 'ann', roles: ['admin'] })
      .setIssuer(issuer.url)
      .setAudience(AUDIENCE)
      .setExpirationTime(new Date(clock.machine() + MINUTE))
      .encode();
    expect(isJwt(unsigned)).toBe(true);
    expect(await refused(unsigned)).toMatchObject({ refused: 'auth.invalid' });
  });

  test('signed by HS256 with the public key, which everybody has, is refused', async () => {
    const exp = Math.floor(clock.machine() / 1000) + 60;
    const payload = { iss: issuer.url, aud: AUDIENCE, sub: 'ann', roles: ['admin'], exp };
    const signed = `${part({ alg: 'HS256', kid: issuer.keyId() })}.${part(payload)}`;
    const mac = createHmac('sha256', await issuer.publicKey())
      .update(signed)
      .digest('base64url');
    expect(await refused(`${signed}.${mac}`)).toMatchObject({
      refused: 'auth.invalid',
      message: expect.stringContaining('RS256, ES256'),
    });
  });

  test('signed by another key under the name of ours, or changed on the way, is refused', async () => {
    expect(await refused(issuer.forged({ sub: 'ann', aud: AUDIENCE }, clock.machine()))).toMatchObject({
      message: expect.stringContaining('signature'),
    });
    const [header, , signature] = (await token()).split('.');
    const other = Buffer.from(JSON.stringify({ iss: issuer.url, aud: AUDIENCE, sub: 'eve', exp: 4e9 }));
    expect(await refused(`${header}.${other.toString('base64url')}.${signature}`)).toMatchObject({
      refused: 'auth.invalid',
    });
  });
});

describe('the keys of the issuer', () => {
  test('one that nobody has is refused, and strangers cannot make us ask for it again and again', async () => {
    await letIn(token());
    await clock.advance(MINUTE);
    const before = issuer.asked();
    for (let n = 0; n < 5; n += 1)
      expect(await refused(token({}, { kid: `none-${n}` }))).toMatchObject({
        message: expect.stringContaining('names no key'),
      });
    expect(issuer.asked() - before).toBe(1);
  });

  test('are asked for anew when they have been rotated, and the old one is good no longer', async () => {
    const old = await token();
    await letIn(old);
    await issuer.rotate();
    await clock.advance(MINUTE);
    expect(await letIn(token())).toMatchObject({ id: 'ann' });
    expect(await refused(old)).toMatchObject({ message: expect.stringContaining('names no key') });
  });

  test('that are known go on working while the issuer is away, and one that is not is told to be tried again', async () => {
    const down = verifier();
    issuer.answer((response) => response.writeHead(500).end());
    expect(await refused(token(), down)).toMatchObject({ refused: 'auth.issuer_unavailable' });
    issuer.answer(null);
    expect(await refused(token(), down), 'it is not asked again at once').toMatchObject({
      refused: 'auth.issuer_unavailable',
    });
    await clock.advance(MINUTE);
    await letIn(token(), down);
    issuer.answer((response) => response.destroy());
    for (let hour = 0; hour < 5; hour += 1) {
      await clock.advance(60 * MINUTE);
      expect(await letIn(token(), down)).toMatchObject({ id: 'ann' });
    }
  });

  test.each([
    ['a redirect', (url: string) => ({ status: 302, headers: { location: `${url}/elsewhere` }, body: '' }), 'HTTP 302'],
    ['no JSON', () => ({ status: 200, headers: {}, body: '<html>' }), 'not JSON'],
    ['too much', () => ({ status: 200, headers: {}, body: `"${'x'.repeat(300_000)}"` }), 'more than 262144 bytes'],
    [
      'another issuer',
      () => ({ status: 200, headers: {}, body: '{"issuer":"https://x.example"}' }),
      'https://x.example',
    ],
    [
      'keys over an open network',
      (url: string) => ({
        status: 200,
        headers: {},
        body: JSON.stringify({ issuer: url, jwks_uri: 'http://keys.example/' }),
      }),
      'not https',
    ],
  ])('an issuer that answers %s is not believed, and the log says why', async (_what, made, why) => {
    const said: string[] = [];
    const how = verifier({ logger: { ...quiet, warn: (_text, fields) => void said.push(JSON.stringify(fields)) } });
    const { status, headers, body } = made(issuer.url);
    issuer.answer((response) => response.writeHead(status, headers).end(body));
    expect(await refused(token(), how)).toMatchObject({ refused: 'auth.issuer_unavailable' });
    expect(said.join()).toContain(why);
  });

  test('an answer that never ends is waited for five seconds', async () => {
    const reached = Promise.withResolvers<void>();
    issuer.answer((response) => {
      response.write('{');
      reached.resolve();
    });
    const answer = refused(token());
    await reached.promise;
    await clock.advance(5 * SECOND);
    expect(await answer).toMatchObject({ refused: 'auth.issuer_unavailable' });
  });
});

describe('what the claims mean', () => {
  test('no roles, or none that mean something here, are no roles', async () => {
    expect(await letIn(token({ roles: undefined }))).toMatchObject({ roles: [] });
    expect(await letIn(token({ roles: ['superuser', '__proto__', 'constructor', 7] }))).toMatchObject({ roles: [] });
  });

  test('roles are where the settings say, as a list or words, and mean what the settings say', async () => {
    const roles = { 'journey-ops': ['operator', 'viewer'], boss: ['admin'] };
    const nested = verifier({ rolesClaim: 'realm_access.roles', roles });
    expect(await letIn(token({ realm_access: { roles: ['journey-ops', 'admin'] } }), nested)).toMatchObject({
      roles: ['operator', 'viewer'],
    });
    const named = verifier({ rolesClaim: 'https://example.com/roles', roles });
    expect(await letIn(token({ 'https://example.com/roles': 'boss other' }), named)).toMatchObject({
      roles: ['admin'],
    });
  });

  test('I4: a program is an agent, by the role that says so or since its subject is the client itself', async () => {
    const bots = verifier({ roles: { bots: ['agent', 'operator'], approver: ['approver'] } });
    expect(await letIn(token({ roles: ['bots'] }), bots)).toMatchObject({ kind: 'agent', roles: ['operator'] });
    expect(await letIn(token({ sub: 'ci', azp: 'ci' }))).toMatchObject({ kind: 'agent' });
    expect(await letIn(token({ sub: 'ci', client_id: 'ci' }))).toMatchObject({ kind: 'agent' });
    expect(await letIn(token({ sub: 'ann', azp: 'ops-page' }))).toMatchObject({ kind: 'user' });
  });

  test('I15: with a claim for clients those alone are seen, none without it, all with *', async () => {
    const scoped = verifier({ clientsClaim: 'clients' });
    expect(await letIn(token({ clients: ['acme'] }), scoped)).toMatchObject({ clients: ['acme'] });
    expect(await letIn(token(), scoped)).toMatchObject({ clients: [] });
    expect(await letIn(token({ clients: '*' }), scoped)).toMatchObject({ clients: null });
  });

  test('groups are named as approvers name them', async () => {
    const grouped = verifier({ groupsClaim: 'groups' });
    expect(await letIn(token({ groups: ['legal'] }), grouped)).toMatchObject({ groups: ['group:legal'] });
  });

  test.each([['system'], ['slack:T1:U1'], ['ann b'], [''], [7], [undefined]])(
    'a name such as %s is nobody here',
    async (sub) => {
      expect(await refused(token({ sub: sub }))).toMatchObject({ message: expect.stringContaining('sub') });
    },
  );

  test('over MCP, and there alone, a token for its address is taken', async () => {
    const both = verifier({ mcpAudience: 'https://journeys.example/mcp' });
    const given = await token({ aud: 'https://journeys.example/mcp' });
    expect(await both(given, 'mcp')).toMatchObject({ id: 'ann' });
    expect(await refused(given, both)).toMatchObject({ message: expect.stringContaining('not for journeys') });
    expect(await both(await token(), 'mcp')).toMatchObject({ id: 'ann' });
  });
});
