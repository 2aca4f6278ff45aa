import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineUseCase } from '#application/use-case.ts';
import { pairValue } from '#application/typed-values.ts';
import { verbs } from '#cli/verbs.ts';
import { runCli } from './run-cli.ts';
import { ok, serverDouble } from './server-double.ts';

describe('values of name=value', () => {
  const read: readonly (readonly [text: string, value: unknown])[] = [
    ['25', 25],
    ['-0.5', -0.5],
    ['true', true],
    ['[1,"a"]', [1, 'a']],
    ['{"a":{"b":null}}', { a: { b: null } }],
    ['"25"', '25'],
    ['"ann, bob"', 'ann, bob'],
    ['ann,bob', ['ann', 'bob']],
    ['ann,', ['ann']],
    ['ann', 'ann'],
    ['null', 'null'],
    ['007', '007'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e999', '1e999'],
    ['a=b', 'a=b'],
    ['', ''],
  ];
  for (const [text, value] of read)
    test(`${text === '' ? 'nothing' : text} is read as ${JSON.stringify(value)}`, () =>
      expect(pairValue(text)).toEqual(value));
});

test('a list may be repeated, and blanks around its commas do not count', async () => {
  await using server = await serverDouble(() => ok({}));
  await runCli(server.url, ['start', '--client-id=c', '--data-sources=a, b,', '--data-sources', 'c']);
  expect(server.seen[0]?.body).toEqual({ client_id: 'c', data_sources: ['a', 'b', 'c'] });
});

const misused: readonly (readonly [title: string, argv: readonly string[], said: readonly string[]])[] = [
  ['an unknown verb', ['stauts', '--client-id=c'], ["unknown command 'stauts'", 'Did you mean status?']],
  ['an unknown verb in a group', ['token', 'creat'], ['Did you mean create?']],
  ['an unknown flag', ['status', '--clientid', 'c'], ["unknown option '--clientid'", 'Did you mean --client-id?']],
  [
    'an unknown flag with a value attached',
    ['status', '--client=c'],
    ["unknown option '--client'", 'Did you mean --client-id?'],
  ],
  [
    'missing flags, all at once',
    ['rollback'],
    ['--client-id and --reason are not given.', 'journey-cli help rollback'],
  ],
  ['a value that is missing', ['status', '--client-id'], ["option '--client-id <text>' argument missing"]],
  ['a bad number', ['list', '--limit=abc'], ['It is not a number.']],
  ['a number in hexadecimal', ['list', '--limit=0x10'], ['It is not a number.']],
  ['a fraction where a whole number is asked for', ['list', '--limit=1.5'], ['It is not a whole number.']],
  ['a number that is too small', ['list', '--limit=0'], ['The least is 1.']],
  ['a number that is too large', ['evidence', 'list', '--client-id=c', '--limit=501'], ['The most is 500.']],
  ['a word that is not a choice', ['list', '--status=actve'], ['Allowed are queued, active, paused, completed.']],
  ['an empty list', ['start', '--client-id=c', '--data-sources=,'], ['It names nothing']],
  ['a pair without a value', ['provide-input', '--client-id=c', '--input', 'users'], ['Write it as name=value.']],
  ['a pair given twice', ['provide-input', '--client-id=c', '--input=a=1', '--input=a=2'], ['a is given twice.']],
  ['a word too many', ['status', 'client-123'], ['too many arguments']],
  ['a format that is none', ['list', '--format=xml'], ['Allowed choices are table, json, yaml.']],
  ['a timeout of nothing', ['list', '--timeout=0'], ['more than 0']],
  ['a group without its verb', ['token'], ['Verbs about token.']],
  ['a verb to explain that is none', ['help', 'stauts'], ["no help on 'stauts'"]],
  ['a token in a flag', ['list', '--token=secret'], ["unknown option '--token'"]],
];

describe('exit code 2, and nothing is sent,', () => {
  for (const [title, argv, said] of misused)
    test(`for ${title}`, async () => {
      await using server = await serverDouble(() => ok({}));
      const { code, out, err } = await runCli(server.url, argv);
      expect({ code, out, sent: server.seen.length }).toEqual({ code: 2, out: '', sent: 0 });
      for (const text of said) expect(err).toContain(text);
    });
});

test('a server that is no URL, has a password, or carries a query is wrong usage, and the password is not repeated', async () => {
  const outcomes = await Promise.all(
    ['localhost:8080', 'http://me:hunter2@localhost', 'http://localhost?x=1', 'ftp://localhost'].map((server) =>
      runCli('', ['list', '--server', server]),
    ),
  );
  expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(outcomes.map(({ err }) => err).join('')).not.toContain('hunter2');
});

test('a use-case that the CLI has never heard of has a verb, flags, and an answer for people', async () => {
  const simulate = defineUseCase({
    name: 'forecast.simulate',
    summary: 'Say when a stage will end.',
    effect: 'read',
    allow: ['viewer'],
    surface: { http: { route: 'GET /api/v1/forecast/:stage' }, cli: { verb: 'forecast run', examples: [] } },
    input: z.strictObject({
      stage: z.string(),
      percentiles: z.array(z.number()).optional(),
      with_pauses: z.boolean().default(false),
    }),
    output: z.object({ stage: z.string(), ends: z.array(z.object({ percentile: z.number(), at: z.string() })) }),
    run: () => Promise.reject(new Error('It runs on the server.')),
  });
  await using server = await serverDouble(() =>
    ok({ stage: 'pilot', ends: [{ percentile: 50, at: '2026-02-01T09:00:00.000Z' }] }),
  );
  const { out } = await runCli(
    server.url,
    ['forecast', 'run', '--stage=pilot', '--percentiles=50,95', '--with-pauses'],
    { verbs: verbs([simulate]) },
  );
  expect(server.lines()).toEqual(['GET /api/v1/forecast/pilot?percentiles=50,95&with_pauses=true']);
  expect(out).toBe('Stage  pilot\n\nEnds\nPercentile  At\n50          2026-02-01 09:00:00Z\n');
  const { out: help } = await runCli(server.url, ['help'], { verbs: verbs([simulate]) });
  expect(help).toMatch(/Forecast:\n {2}forecast run +Say when a stage will end\./);
});
