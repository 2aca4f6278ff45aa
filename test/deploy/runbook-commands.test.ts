import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, type Ran } from '../doors/cli/run-cli.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { serverVariables, startProduct, type Product } from '#test/support/product/product.ts';
import { top } from './manifests.ts';

const runbook = readFileSync(join(top, 'docs/runbook.md'), 'utf8');

/** The commands of a section, a line each, as somebody copies them. */
function commandsOf(section: string): readonly string[] {
  const text = runbook.split(/^### /m).find((one) => one.startsWith(`${section}\n`)) ?? '';
  return [...text.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .filter((line) => line !== ''),
  );
}

/** The words of a line as a shell takes them, without its comment. */
const wordsOf = (line: string): readonly string[] =>
  execFileSync('/bin/bash', ['-c', `journey-cli() { printf '%s\\0' "$@"; }\n${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

const edit = (path: string, what: RegExp, by: string): void =>
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(what, by));

const codes = (ran: ReadonlyMap<string, Ran>): Readonly<Record<string, number>> =>
  Object.fromEntries([...ran].map(([line, { code }]) => [line.split(' --')[0] ?? line, code]));

describe('the runbook, command by command, on a running server whose agents are all away', () => {
  let at: FreshDatabase;
  let product: Product;
  let folder: string;
  let keys = 0;
  beforeAll(async () => {
    at = await freshDatabase();
    folder = mkdtempSync(join(tmpdir(), 'journey-runbook-'));
    const config = join(folder, 'config');
    cpSync(join(top, 'config'), config, { recursive: true });
    // Retries at once, so that what repeatedly fails has failed soon.
    edit(join(config, 'journey-orchestrator.yaml'), /(initial|max)_backoff_seconds: \d+/g, '$1_backoff_seconds: 0');
    edit(join(config, 'agents.yaml'), /127\.0\.0\.1:\d+/g, '127.0.0.1:9');
    product = await startProduct({
      ...serverVariables(at.url),
      JOURNEY_CONFIG_DIR: config,
      JOURNEY_HTTP_HOST: '127.0.0.1',
      JOURNEY_BOOTSTRAP_TOKEN: 'a-token-of-the-runbook',
    });
  }, 120_000);
  afterAll(async () => {
    await product[Symbol.asyncDispose]();
    await at.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (words: readonly string[]): Promise<Ran> =>
    runCli(product.url, words, {
      newKey: () => `key-${(keys += 1)}-of-the-runbook`,
      variables: { JOURNEY_DATA_DIR: product.dataDir },
      files: Object.fromEntries(
        ['admin', 'approver'].map((name) => {
          const path = join(product.dataDir, `${name}.token`);
          return [path, readFileSync(path, 'utf8')];
        }),
      ),
    });

  /** kubectl as the runbook calls it: the log of the one process there is. */
  function logs(line: string): string {
    writeFileSync(join(folder, 'log'), product.log.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const program = join(folder, 'kubectl');
    writeFileSync(
      program,
      `#!/bin/bash\n[[ "$*" =~ ^logs\\ -n\\ a-domain\\ -l\\ app=journey-orchestrator\\ -c\\ orchestrator\\ --tail=[0-9]+$ ]] || exit 64\ncat '${folder}/log'\n`,
    );
    chmodSync(program, 0o755);
    const PATH = `${folder}:${process.env['PATH']}`;
    return execFileSync('/bin/bash', ['-o', 'pipefail', '-c', line], { encoding: 'utf8', env: { PATH } });
  }

  /** Runs every command of a section in its order; answers what each came to. */
  async function follow(section: string, before?: () => Promise<void>): Promise<ReadonlyMap<string, Ran>> {
    const ran = new Map<string, Ran>();
    for (const line of commandsOf(section)) {
      if (line.startsWith('kubectl ')) {
        ran.set(line, { code: 0, out: logs(line), err: '' });
        continue;
      }
      const words = wordsOf(line);
      // It follows until the journey has come where it is to come; test/doors/cli/watch.test.ts does that.
      if (words[0] === 'watch') continue;
      await before?.();
      ran.set(words.join(' '), await cli(words));
    }
    return ran;
  }

  const inPilot = async (): Promise<void> => {
    const asked = await cli('promote --client-id=client-123 --override --reason=x --format=json'.split(' '));
    const id = /ovr-[^"]+/.exec(asked.out)?.[0] ?? '';
    expect(await cli(['confirm-override', `--override-id=${id}`])).toMatchObject({ code: 0, err: '' });
  };

  test('S138 S140 S141: a journey is started and looked at', async () => {
    const ran = await follow('Start a journey');
    expect([...ran.values()]).toMatchObject([{ code: 0, err: '', out: expect.stringContaining('has started') }]);
    const looked = await follow('Look at a journey');
    expect(codes(looked)).toEqual({ status: 0, why: 0, history: 0 });
    const history = looked.get('history --client-id=client-123 --format=json')?.out ?? '';
    expect((JSON.parse(history) as { events: { type: string }[] }).events[0]?.type).toBe('journey_started');
  });

  test('S145 S146 S147 S148: of one that is stuck it says what is lacking, and its lines are found in the log', async () => {
    await eventually(
      async () => (await product.get('/api/v1/journeys/client-123')).body,
      ({ units }) => units[0]?.status === 'failed',
      60_000,
    );
    const ran = await follow('Journey stuck in stage');
    const [exit, work, log] = [...ran.values()];
    expect([exit?.code, work?.code]).toEqual([0, 0]);
    expect(exit?.out).toContain('All Connectors Syncing');
    expect(work?.out).toMatch(/provision_infra +failed/);
    expect(log?.out.split('\n').filter((line) => line !== '').length).toBeGreaterThan(3);
  }, 90_000);

  test('S149 S150 S151 S152: of tasks that fail it says which agents are away, retries them, and has the log of their unit', async () => {
    const ran = await follow('Tasks repeatedly failing');
    // No agent is healthy here, and that is what a script waits by.
    expect(codes(ran)).toMatchObject({ 'check-agents': 1, 'uow-status': 0, 'task-logs': 0, 'retry-tasks': 0 });
    const [log] = [...ran].flatMap(([line, { out }]) => (line.startsWith('kubectl') ? [out] : []));
    expect(log).toContain('"component":"task-executor"');
    const again = await cli(['task-logs', '--work-id=uow-client-123:1:sandbox_setup']);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('provision_infra begin again') });
  });

  test('S142 S143: it is rolled back to the stage before, and to one that is named', async () => {
    const ran = await follow('Roll a journey back', inPilot);
    expect([...ran.values()].map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect((await product.get('/api/v1/journeys/client-123')).body).toMatchObject({ stage: 'sandbox' });
  });

  test('the bootstrap token is taken away', async () => {
    const ran = await follow('Take the bootstrap token away');
    expect(codes(ran)).toEqual({ 'token create': 0, 'token revoke': 0 });
    const answer = await fetch(`${product.url}/api/v1/stages`, {
      headers: { authorization: 'Bearer a-token-of-the-runbook' },
    });
    expect(answer.status).toBe(401);
  });

  test('S138..S152: every command of the guide’s sections 7 and 8 is in it', () => {
    const guide = [
      'journey-cli start --client-id="client-123" --data-sources="salesforce,jira,confluence"',
      'journey-cli status --client-id="client-123"',
      'journey-cli history --client-id="client-123" --format=json',
      'journey-cli rollback --client-id="client-123" --reason="Critical bug detected"',
      'journey-cli rollback --client-id="client-123" --to-stage="sandbox" --reason="Re-testing required"',
      'journey-cli validate-exit --client-id="client-123"',
      'journey-cli uow-status --client-id="client-123" --stage="sandbox"',
      'kubectl logs -n a-domain -l app=journey-orchestrator',
      'journey-cli check-agents --intent="provision_test_dataset"',
      'journey-cli retry-tasks --work-id="uow-',
    ];
    expect(guide.filter((command) => !runbook.includes(command))).toEqual([]);
  });
});
