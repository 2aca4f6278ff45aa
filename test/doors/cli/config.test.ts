import { describe, expect, test } from 'vitest';
import { runCli } from './run-cli.ts';
import { ok, serverDouble } from './server-double.ts';

const taken = {
  ok: true,
  hash: '9a1c0de19a1c0de1',
  is_active: false,
  problems: [],
  stranded: [],
  findings: [],
  changes: [{ key: 'stages[pilot].order', from: 2, to: 4 }],
  left_out: 0,
  after_restart: ['worker_pool_size'],
};
const refused = {
  ...taken,
  ok: false,
  hash: null,
  changes: [],
  after_restart: [],
  problems: [{ where: 'stages.yaml', path: 'stages[1].order', value: '1', allowed: 'must be unique' }],
  stranded: [{ stage: 'sandbox', count: 12, clients: ['acme', 'globex'] }],
};
const finding = {
  code: 'intent.no_agent',
  level: 'warning',
  at: 'templates[sandbox_setup]',
  message: 'No agent offers dance.',
  hint: 'Add it to an agent.',
};

describe('config check', () => {
  const files = { 'here/stages.yaml': 'stages: []', 'here/agents.yaml': 'agents: []' };

  test('S66: sends the files of a folder, and says what would change', async () => {
    await using server = await serverDouble(() => ok(taken));
    const { code, out } = await runCli(server.url, ['config', 'check', '--dir=here/'], { files });
    expect(server.lines()).toEqual([
      'POST /api/v1/config/check {"files":{"stages.yaml":"stages: []","agents.yaml":"agents: []"}}',
    ]);
    expect(server.seen[0]?.headers['idempotency-key']).toBeUndefined();
    expect(code).toBe(0);
    expect(out).toContain('can be taken up');
    expect(out).toMatch(/stages\[pilot\]\.order +2 +4/);
    expect(out).toContain('worker_pool_size');
  });

  test('without a folder asks the server about its own', async () => {
    await using server = await serverDouble(() => ok({ ...taken, is_active: true, changes: [] }));
    const { out } = await runCli(server.url, ['config', 'check']);
    expect(server.lines()).toEqual(['POST /api/v1/config/check {"files":{}}']);
    expect(out).toContain('9a1c0de19a1c0de1, which decides already');
  });

  test('ends with 1 where the files cannot be taken up, and says why', async () => {
    await using server = await serverDouble(() => ok(refused));
    const { code, out } = await runCli(server.url, ['config', 'check', '--dir=here'], { files });
    expect(code).toBe(1);
    expect(out).toContain('stages.yaml: stages[1].order is 1: must be unique');
    expect(out).toContain('No stage is called sandbox, in which are acme, globex, 10 more.');
  });

  test('a folder without any of the files is wrong usage', async () => {
    const { code, err } = await runCli('http://127.0.0.1:1', ['config', 'check', '--dir=elsewhere'], { files });
    expect(code).toBe(2);
    expect(err).toContain('elsewhere has none of journey-orchestrator.yaml, stages.yaml');
  });
});

test.each([
  ['warning', 0],
  ['error', 1],
])('config lint with a finding of level %s ends with %i', async (level, expected) => {
  await using server = await serverDouble(() => ok({ hash: 'h', is_active: true, findings: [{ ...finding, level }] }));
  const { code, out } = await runCli(server.url, ['config', 'lint', '--level=warning']);
  expect(server.lines()).toEqual(['GET /api/v1/config/lint?level=warning']);
  expect(out).toContain(`${level}: intent.no_agent`);
  expect(out).toContain('No agent offers dance.');
  expect(code).toBe(expected);
});

describe('config show', () => {
  const shown = {
    active: {
      activation: 3,
      hash: '9a1c0de19a1c0de1',
      label: '1.0.0',
      activated_at: '2026-02-01T09:00:00.000Z',
      activated_by: 'ann',
      door: 'cli',
      process: 'pod-1:1',
    },
    own: { hash: 'abcdefabcdefabcd', label: '1.1.0', folder: '/app/config', is_active: false },
    reload: {
      state: 'failed',
      failures: [
        { process: 'pod-1:1', failed_at: '2026-02-02T09:00:00.000Z', mended_at: null, ...pick(refused) },
        {
          process: 'pod-2:1',
          failed_at: '2026-02-01T09:00:00.000Z',
          mended_at: '2026-02-01T10:00:00.000Z',
          ...pick(taken),
        },
      ],
    },
    after_restart: [],
    values: [{ key: 'timeouts.task_execution_seconds', value: 120, origin: 'default' }],
  };

  test('S33: shows what decides since when and by whom, a failed reload with its problems, and origins', async () => {
    await using server = await serverDouble(() => ok(shown));
    const { out } = await runCli(server.url, ['config', 'show', '--origin'], { columns: 100 });
    expect(server.lines()).toEqual(['GET /api/v1/config?origin=true']);
    await expect(out).toMatchFileSnapshot('snapshots/config.txt');
  });
});

function pick({ problems, stranded }: typeof refused | typeof taken) {
  return { problems, stranded };
}

test('config diff says so where nothing differs', async () => {
  await using server = await serverDouble(() => ok({ from: 'a', to: 'a', changes: [], left_out: 0 }));
  expect((await runCli(server.url, ['config', 'diff'])).out).toContain('Nothing that decides differs.');
});
