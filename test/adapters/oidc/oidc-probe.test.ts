import { expect, test } from 'vitest';
import { systemClock } from '#adapters/clock.ts';
import { oidcProbe } from '#adapters/oidc/oidc-probe.ts';
import { startIssuer } from '#test/support/oidc/issuer.ts';

const look = (issuer: string | null) =>
  oidcProbe(issuer === null ? null : { issuer }, systemClock()).look(new AbortController().signal);

test('without an issuer there is nothing to look at', async () => {
  expect(await look(null)).toMatchObject([{ state: 'off' }]);
});

test('an issuer that tells its keys is well, and they are named', async () => {
  await using issuer = await startIssuer();
  expect(await look(issuer.url)).toEqual([{ state: 'ok', said: `${issuer.url} has 1 keys: key-1 (RS256)` }]);
});

test('one that is away, or calls itself by another name, is a finding that says what to do', async () => {
  await using issuer = await startIssuer();
  issuer.answer((response) => response.writeHead(503).end());
  expect(await look(issuer.url)).toMatchObject([
    {
      state: 'failed',
      said: expect.stringContaining('HTTP 503'),
      hint: expect.stringContaining('JOURNEY_OIDC_ISSUER'),
    },
  ]);
  issuer.answer(null);
  expect(await look(`${issuer.url}/`)).toMatchObject([
    { state: 'failed', said: expect.stringContaining(`calls itself "${issuer.url}"`) },
  ]);
  expect(await look('http://127.0.0.1:9')).toMatchObject([
    { state: 'failed', said: expect.stringContaining('127.0.0.1:9') },
  ]);
});
