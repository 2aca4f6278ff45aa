import { expect, test } from 'vitest';
import { runCli, type Surroundings } from './run-cli.ts';
import { approval, journey } from './answers.ts';
import { ok, problem, serverDouble } from './server-double.ts';

const local = {
  '.journey/admin.token': 'adm\n',
  '.journey/approver.token': 'app\n',
  '/data/admin.token': 'other',
  'mine.token': ' mine ',
};

async function sentWith(argv: readonly string[], surroundings: Surroundings): Promise<string | undefined> {
  await using server = await serverDouble(({ target }) =>
    ok(target.includes('approvals?') ? { approvals: [approval] } : journey),
  );
  await runCli(server.url, argv, { files: local, ...surroundings });
  return server.seen[0]?.headers.authorization;
}

const status = ['status', '--client-id=c'];

test('the local admin token is found in ./.journey', async () => {
  expect(await sentWith(status, {})).toBe('Bearer adm');
});

test('approve and reject take the local approver token', async () => {
  expect(await sentWith(['approve', '--client-id=client-123'], {})).toBe('Bearer app');
  expect(await sentWith(['reject', '--client-id=client-123', '--reason=r'], {})).toBe('Bearer app');
});

test('JOURNEY_DATA_DIR says where the local tokens are', async () => {
  expect(await sentWith(status, { variables: { JOURNEY_DATA_DIR: '/data' } })).toBe('Bearer other');
});

test('JOURNEY_API_TOKEN wins over local files, also for approve, and --token-file wins over all', async () => {
  const variables = { JOURNEY_API_TOKEN: 'env' };
  expect(await sentWith(status, { variables })).toBe('Bearer env');
  expect(await sentWith(['approve', '--client-id=client-123'], { variables })).toBe('Bearer env');
  expect(await sentWith([...status, '--token-file=mine.token'], { variables })).toBe('Bearer mine');
});

test('JOURNEY_API_TOKEN_FILE names a file, and an empty variable counts as not set', async () => {
  expect(await sentWith(status, { variables: { JOURNEY_API_TOKEN: '', JOURNEY_API_TOKEN_FILE: 'mine.token' } })).toBe(
    'Bearer mine',
  );
});

test('in a container, where no local token is, the first token of the server itself is taken', async () => {
  const files = { '/run/secrets/token': 'first\n', 'x/admin.token': 'adm' };
  const bare = { files, variables: { JOURNEY_DATA_DIR: '/data' } };
  const variables = { JOURNEY_DATA_DIR: '/nowhere', JOURNEY_BOOTSTRAP_TOKEN_FILE: '/run/secrets/token' };
  expect(await sentWith(status, { ...bare, variables })).toBe('Bearer first');
  expect(await sentWith(status, { ...bare, variables: { ...variables, JOURNEY_BOOTSTRAP_TOKEN: 'given' } })).toBe(
    'Bearer given',
  );
  expect(await sentWith(status, { ...bare, variables: { ...variables, JOURNEY_DATA_DIR: 'x' } })).toBe('Bearer adm');
});

test('a local token is shown to no host but this machine', async () => {
  const read: string[] = [];
  const { code } = await runCli('http://journeys.invalid', status, {
    files: new Proxy(local, { get: (files, path: string) => (read.push(path), files[path as keyof typeof local]) }),
  });
  expect({ code, read }).toEqual({ code: 3, read: [] });
});

test('a token file that is missing or holds no token is wrong usage, and its content is not shown', async () => {
  const files = { 'two.token': 'secret one\nsecret two' };
  const missing = await runCli('http://127.0.0.1:1', [...status, '--token-file=none'], { files });
  const strange = await runCli('http://127.0.0.1:1', [...status, '--token-file=two.token'], { files });
  expect([missing.code, strange.code]).toEqual([2, 2]);
  expect(missing.err).toContain('There is no token file none');
  expect(strange.err).not.toContain('secret');
});

test('without a token the request is made without one, and the refusal says where a token was looked for', async () => {
  await using server = await serverDouble(() => problem(401, 'auth.missing', 'The request has no token.'));
  const { code, err } = await runCli(server.url, status, { files: {} });
  expect({ code, sent: server.seen[0]?.headers.authorization }).toEqual({ code: 1, sent: undefined });
  expect(err).toContain('there is no .journey/admin.token (JOURNEY_DATA_DIR)');
});

test('a token that is refused is named by its place, never by its text', async () => {
  await using server = await serverDouble(() => problem(401, 'auth.invalid', 'No token like this is in force.'));
  const { err } = await runCli(server.url, status, { variables: { JOURNEY_API_TOKEN: 'tok-secret' } });
  expect(err).toContain('The token came from JOURNEY_API_TOKEN.');
  expect(err).not.toContain('tok-secret');
});
