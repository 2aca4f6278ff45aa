import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStack, type Stack } from '#test/support/mcp/stack.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { startIssuer, type Claims, type Issuer } from '#test/support/oidc/issuer.ts';
import { settingsWith } from '#test/support/engine/fixtures.ts';
import { startInput } from '#test/support/engine/orchestrator.ts';

const PUBLIC_URL = 'https://journeys.example';

let at: FreshDatabase;
let issuer: Issuer;
let stack: Stack;

beforeAll(async () => {
  [at, issuer] = await Promise.all([freshEmbedded(), startIssuer()]);
  const http = { ...settingsWith('unused').http, publicUrl: PUBLIC_URL };
  stack = await openStack({
    database: at.database,
    http,
    settings: {
      http,
      oidc: {
        issuer: issuer.url,
        audiences: ['journeys'],
        nameClaim: 'sub',
        rolesClaim: 'roles',
        roles: { ops: ['operator'], boss: ['approver', 'admin'], bots: ['agent', 'operator', 'approver'] },
        clientsClaim: 'clients',
        groupsClaim: null,
        algorithms: ['RS256'],
        clockTolerance_ms: 30_000,
      },
    },
  });
  await stack.engine.call('journey.start', startInput('acme'));
}, 120_000);
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await at.drop();
});

const bearer = async (claims: Claims): Promise<{ authorization: string }> => ({
  authorization: `Bearer ${await issuer.token({ sub: 'ann', aud: 'journeys', clients: '*', ...claims }, Date.now())}`,
});
const get = async (path: string, claims: Claims): Promise<Response> =>
  fetch(`${stack.url}${path}`, { headers: await bearer(claims) });
const mcp = (headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(stack.mcpUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });

describe('S44: whoever comes with a token of the issuer', () => {
  test('reads and starts what its roles allow, and the history has its name', async () => {
    const started = await fetch(`${stack.url}/api/v1/journeys`, {
      method: 'POST',
      headers: { ...(await bearer({ roles: ['ops'] })), 'content-type': 'application/json' },
      body: JSON.stringify(startInput('bright')),
    });
    expect(started.status).toBe(201);
    const history = await get('/api/v1/journeys/bright/history', { roles: ['ops'] });
    expect(await history.json()).toMatchObject({
      events: expect.arrayContaining([expect.objectContaining({ actor: 'ann', door: 'rest' })]),
    });
  });

  test('without roles may do nothing', async () => {
    for (const claims of [{}, { roles: [] }, { roles: ['admin'] }]) {
      const response = await get('/api/v1/journeys', claims);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'auth.forbidden' });
    }
  });

  test('I15: with some clients knows no other, and with none knows nobody', async () => {
    expect((await get('/api/v1/journeys/acme', { roles: ['ops'], clients: ['acme'] })).status).toBe(200);
    for (const clients of [['other'], [], undefined]) {
      const response = await get('/api/v1/journeys/acme', { roles: ['ops'], clients });
      expect(await response.json()).toMatchObject({ status: 404, code: 'journey.unknown' });
      const list = await get('/api/v1/journeys', { roles: ['ops'], clients });
      expect(await list.json()).toMatchObject({ journeys: [] });
    }
  });

  test('I4: as a program approves nothing, whatever its roles', async () => {
    const response = await fetch(`${stack.url}/api/v1/approvals/apr-acme:1:1/decision`, {
      method: 'POST',
      headers: { ...(await bearer({ roles: ['bots'] })), 'content-type': 'application/json' },
      body: JSON.stringify({ decision: 'approve', digest: 'x' }),
    });
    expect(await response.json()).toMatchObject({ status: 403, code: 'approval.by_agent' });
  });

  test('too late is told so, with what OAuth clients look for', async () => {
    const response = await get('/api/v1/journeys', { roles: ['ops'], exp: Math.floor(Date.now() / 1000) - 60 });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.json()).toMatchObject({ code: 'auth.expired' });
  });
});

describe('over MCP', () => {
  test('the metadata names the issuer as who gives out tokens', async () => {
    const response = await fetch(`${stack.url}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({
      resource: `${PUBLIC_URL}/mcp`,
      authorization_servers: [issuer.url],
    });
  });

  test('a token for this address or this service is taken, one for another is not', async () => {
    for (const aud of ['journeys', `${PUBLIC_URL}/mcp`]) {
      const { status } = await mcp(await bearer({ roles: ['ops'], aud }));
      expect([aud, status]).toEqual([aud, 200]);
    }
    const response = await mcp(await bearer({ roles: ['ops'], aud: 'https://other.example/mcp' }));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain(`resource_metadata="${PUBLIC_URL}/`);
  });

  test('a token for its address alone opens no other door, behind which it would be a person', async () => {
    const response = await get('/api/v1/journeys', { roles: ['ops'], aud: `${PUBLIC_URL}/mcp` });
    expect(await response.json()).toMatchObject({ status: 401, code: 'auth.invalid' });
  });
});

test('tokens of our own are taken beside those of the issuer', async () => {
  const own = await stack.token({ kind: 'user', roles: ['viewer'] });
  const response = await fetch(`${stack.url}/api/v1/journeys`, { headers: { authorization: `Bearer ${own}` } });
  expect(response.status).toBe(200);
});
