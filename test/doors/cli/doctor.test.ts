import { expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { runCli } from './run-cli.ts';
import { ok, problem, serverDouble, type Reply, type Seen } from './server-double.ts';

const { version } = packageJson;
const token = { variables: { JOURNEY_API_TOKEN: 'a-token' } };
const healthy = ok({ status: 'ok', version, commit: null });
const report = {
  ok: false,
  probes: [
    { name: 'database', took_ms: 4, findings: [{ state: 'ok', said: 'PostgreSQL 17.2', hint: null }] },
    {
      name: 'crm',
      took_ms: 12,
      findings: [{ state: 'failed', said: 'crm.example.com has no address', hint: 'Correct the name.' }],
    },
  ],
};

const answering =
  (health: Reply, doctor: Reply) =>
  ({ target }: Seen): Reply =>
    target === '/health' ? health : doctor;

test('doctor shows of each thing its state, what was found and what to do; a failure is exit code 1', async () => {
  await using server = await serverDouble(answering(healthy, ok(report)));
  const { code, out, err } = await runCli(server.url, ['doctor'], token);
  expect([code, err]).toEqual([1, '']);
  expect(server.lines()).toEqual(['GET /health', 'GET /api/v1/doctor']);
  expect(out).toMatch(/^ +State +What was found +What to do$/m);
  expect(out).toMatch(/^database +ok +PostgreSQL 17\.2$/m);
  expect(out).toMatch(/^crm +failed +crm\.example\.com has no address +Correct the name\.$/m);
  expect(out).toContain('The token came from JOURNEY_API_TOKEN.');
  expect(out).not.toContain('a-token');
  expect(out).toContain('1 failed, 0 warnings, 4 ok, 0 off.');
});

test('all well is exit code 0, and json is for programs', async () => {
  const well = { ok: true, probes: report.probes.slice(0, 1) };
  await using server = await serverDouble(answering(healthy, ok(well)));
  const { code, out } = await runCli(server.url, ['doctor', '--format=json'], token);
  expect(code).toBe(0);
  const told = JSON.parse(out) as typeof report;
  expect(told.ok).toBe(true);
  expect(told.probes.map(({ name }) => name)).toEqual(['journey-cli', 'database']);
});

test('a server of another version is a warning that names both', async () => {
  const older = ok({ status: 'ok', version: '0.0.9', commit: null });
  await using server = await serverDouble(answering(older, ok({ ok: true, probes: [] })));
  const { code, out } = await runCli(server.url, ['doctor'], token);
  expect(code).toBe(0);
  expect(out).toContain(`The server is 0.0.9, and this is ${version}.`);
  expect(out).toContain('Use the journey-cli of the server’s version.');
});

test('where nobody answers it says where it asked, why not, and where the token would have come from', async () => {
  const gone = await serverDouble(() => ok({}));
  await gone[Symbol.asyncDispose]();
  const { code, out, err } = await runCli(gone.url, ['doctor'], { files: { '.journey/admin.token': 'local' } });
  expect([code, err]).toEqual([1, '']);
  expect(out).toContain(`asking ${gone.url}/`);
  expect(out).toContain('connection refused');
  expect(out).toContain('The token came from .journey/admin.token.');
  const tokenless = await runCli(gone.url, ['doctor']);
  expect(tokenless.out).toContain('No token. JOURNEY_API_TOKEN is not set, and there is no .journey/admin.token');
});

test('what answers and is not the orchestrator is told so', async () => {
  await using server = await serverDouble(() => ({
    status: 200,
    body: '<html>',
    headers: { 'content-type': 'text/html' },
  }));
  const { code, out } = await runCli(server.url, ['doctor'], token);
  expect([code, out]).toEqual([1, expect.stringContaining("that is not the orchestrator's API")]);
});

test('a token that the server does not accept is told with where it came from', async () => {
  const refused = problem(401, 'auth.invalid', 'The token is not known here.');
  await using server = await serverDouble(answering(healthy, refused));
  const { code, out } = await runCli(server.url, ['doctor'], token);
  expect(code).toBe(1);
  expect(out).toContain('It does not say more: The token is not known here.');
  expect(out).toContain('The token came from JOURNEY_API_TOKEN. Use one that is in force.');
});
