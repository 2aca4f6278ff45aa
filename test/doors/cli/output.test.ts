import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { yamlText } from '#cli/render/yaml.ts';
import {
  agents,
  approval,
  auditEntry,
  breaker,
  sources,
  delivery,
  history,
  journey,
  listed,
  logEntry,
  observation,
  paused,
  token,
  unit,
} from './answers.ts';
import { runCli } from './run-cli.ts';
import { ok, serverDouble } from './server-double.ts';

const status = ['status', '--client-id=client-123'];
const ESCAPE = '\u001b';

const laidOut: readonly (readonly [argv: readonly string[], answer: unknown])[] = [
  [['list'], { journeys: [listed], next_cursor: null }],
  [['list'], { journeys: [], next_cursor: null }],
  [['history', '--client-id=client-123'], history([1, 2], null)],
  [
    ['validate-exit', '--client-id=client-123'],
    {
      client_id: 'client-123',
      stage: 'sandbox',
      gate: 'shut',
      work_completed: false,
      promoted_to: null,
      criteria: journey.criteria,
    },
  ],
  [['uow-status', '--client-id=client-123'], { client_id: 'client-123', stage: 'sandbox', units: [unit] }],
  [['evidence', 'list', '--client-id=client-123'], { client_id: 'client-123', evidence: [observation] }],
  [
    ['evidence', 'add', '--client-id=client-123', '--kind=survey', '--value=4'],
    { client_id: 'client-123', recorded: 1, stage: 'sandbox', not_judged: ['survey'] },
  ],
  [['approvals'], { approvals: [approval] }],
  [
    ['check-agents', '--intent=provision_test_dataset'],
    { intent: 'provision_test_dataset', route: 'a2a', healthy: 1, breakers: [breaker], agents, sources },
  ],
  [
    ['task-logs', '--work-id=uow-client-123:1:sandbox_setup'],
    { work_id: 'uow-client-123:1:sandbox_setup', client_id: 'client-123', entries: [logEntry], next_after: null },
  ],
  [['deliveries', 'list', '--state=dead'], { deliveries: [delivery], next_cursor: null }],
  [['deliveries', 'list'], { deliveries: [], next_cursor: null }],
  [
    ['deliveries', 'show', '--delivery-id=dlv-client-123:crm:7'],
    { ...delivery, message: { type: 'journey.promoted', data: { from: 'sandbox', to: 'pilot' } } },
  ],
  [['deliveries', 'replay-all', '--destination=crm'], { destination: 'crm', replayed: 3, more: false }],
  [['token', 'list'], { tokens: [token] }],
  [
    ['audit'],
    {
      entries: [auditEntry, { ...auditEntry, id: 'evt-client-123:7', seq: 7, data: null }],
      next_cursor: '1~evt-client-123:7',
    },
  ],
  [['pause', '--client-id=client-123', '--reason=The client moves offices.'], paused],
];

describe('tables', () => {
  test('S140: status shows stage, day, gate, what it waits for, criteria, tasks and the approval', async () => {
    await using server = await serverDouble(() => ok(journey));
    const { out } = await runCli(server.url, status, { columns: 100 });
    await expect(out).toMatchFileSnapshot('snapshots/status.txt');
  });

  test('start says what follows', async () => {
    await using server = await serverDouble(() => ok(journey, 201));
    const { out } = await runCli(server.url, ['start', '--client-id=client-123', '--data-sources=jira']);
    expect(out).toContain('client-123 has started: Sandbox (sandbox), day 3 of 15.');
    expect(out).toContain('journey-cli status --client-id=client-123');
    expect(out).toContain('provision_sandbox_environment');
  });

  test('start in the queue says at which place', async () => {
    await using server = await serverDouble(() =>
      ok({ ...journey, status: 'queued', queue_position: 4, units: [] }, 201),
    );
    const { out } = await runCli(server.url, ['start', '--client-id=client-123', '--data-sources=jira']);
    expect(out).toContain('client-123 is queued, number 4');
  });

  for (const columns of [20, 40, 60, 80, 120, 200])
    test(`no line is wider than a terminal of ${columns} columns`, async () => {
      await using server = await serverDouble(({ target }) =>
        ok(target.includes('history') ? history([1, 2], null) : { ...journey, waiting_for: '等待输入 '.repeat(20) }),
      );
      const { out } = await runCli(server.url, status, { columns });
      const { out: events } = await runCli(server.url, ['history', '--client-id=client-123'], { columns });
      const widths = `${out}${events}`
        .split('\n')
        .map((line) => line.length + (line.match(/\p{Script=Han}/gu)?.length ?? 0));
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    });

  test('in a pipe each row is one line, whatever its length', async () => {
    const long = 'The precision is below. '.repeat(20).trim();
    await using server = await serverDouble(() => ok({ ...journey, waiting_for: long }));
    const { out } = await runCli(server.url, status);
    expect(out).toContain(long);
  });

  test('colour is for terminals only, and never changes what is written', async () => {
    await using server = await serverDouble(() => ok(journey));
    const plain = await runCli(server.url, status, { columns: 80 });
    const coloured = await runCli(server.url, status, { columns: 80, colour: true });
    expect(plain.out).not.toContain(ESCAPE);
    expect(coloured.out).toContain(ESCAPE);
    expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
  });

  test('an answer of a shape that is not known is shown as it comes', async () => {
    await using server = await serverDouble(() => ok({ client_id: 'c', mood: { good: true } }));
    const { code, out } = await runCli(server.url, status);
    expect({ code, out }).toEqual({ code: 0, out: 'Client id  c\nMood       good=true\n' });
  });

  test('every answer with columns of its own is laid out', async () => {
    const shown: string[] = [];
    for (const [argv, answer] of laidOut) {
      // oxlint-disable-next-line no-await-in-loop -- one command line after the other.
      await using server = await serverDouble(() => ok(answer));
      // oxlint-disable-next-line no-await-in-loop -- as above.
      const { out } = await runCli(server.url, argv, { columns: 100 });
      shown.push(`$ journey-cli ${argv.join(' ')}\n${out}`);
    }
    await expect(shown.join('\n')).toMatchFileSnapshot('snapshots/answers.txt');
  });

  test('token create shows the token on a line of its own', async () => {
    const secret = 'jrn_'.padEnd(90, 'x');
    await using server = await serverDouble(() =>
      ok({ token_id: 'tok-1', name: 'ci', token: secret, expires_at: null }, 201),
    );
    const { out } = await runCli(server.url, ['token', 'create', '--name=ci'], { columns: 40 });
    expect(out.split('\n')).toContain(secret);
  });
});

describe('text of others', () => {
  const evil = `${ESCAPE}[2J${ESCAPE}]0;owned\u0007ann\u009b31m\u202egnp\nsecond\u0000`;
  const cases = { ...journey, client_id: 'client-123', waiting_for: evil, started_by: evil };

  test('is not alive in tables, and stays on its line', async () => {
    await using server = await serverDouble(() => ok(cases));
    const { out } = await runCli(server.url, status, { columns: 80 });
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(out).toContain('ann');
    expect(out).not.toContain('owned');
  });

  test('is not alive in errors', async () => {
    await using server = await serverDouble(() => ({
      status: 409,
      body: { code: 'gate.shut', detail: evil, hint: evil, request_id: evil },
    }));
    const { err } = await runCli(server.url, status);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
    expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(err.split('\n').length).toBe(4);
  });

  for (const [format, read] of [
    ['json', JSON.parse],
    ['yaml', load],
  ] as const)
    test(`is not alive in ${format}, and is the same text when read back`, async () => {
      await using server = await serverDouble(() => ok(cases));
      const { out } = await runCli(server.url, [...status, `--format=${format}`]);
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(read(out)).toMatchObject({ waiting_for: evil });
    });
});

describe('formats for programs', () => {
  for (const argv of [
    [...status, '--format=json'],
    [...status, '--format', 'json'],
    [...status, '--output=json'],
    [...status, '-o', 'json'],
    ['--format=json', ...status],
  ])
    test(`${argv.join(' ')} prints the answer of the API and nothing else`, async () => {
      await using server = await serverDouble(() => ok(journey));
      const { out, err } = await runCli(server.url, argv, { columns: 40, colour: true });
      expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(journey)));
      expect(err).toBe('');
    });

  test('S141: --format=yaml is the same answer in YAML', async () => {
    await using server = await serverDouble(() => ok(journey));
    const { out } = await runCli(server.url, [...status, '--format=yaml']);
    expect(load(out)).toEqual(JSON.parse(JSON.stringify(journey)));
    expect(out).toMatch(/^client_id: client-123$/m);
  });

  test('whatever JSON can say, its YAML reads back the same', () => {
    const words = fc.constantFrom(
      'yes',
      'No',
      'null',
      '~',
      '1',
      '1e3',
      '0x1f',
      '2026-02-01',
      '- a',
      'a: b',
      'a #b',
      '',
      ' a',
      'a ',
      '|',
      '<<',
      '=',
      '"',
      '%a',
      'é',
      '.inf',
    );
    const text = fc.oneof(
      words,
      fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed()),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          tie('tree'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(load(yamlText(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
