import { describe, expect, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { verbs } from '#cli/verbs.ts';
import { runCli } from './run-cli.ts';
import { ok, serverDouble } from './server-double.ts';

/** What is typed, and what goes over the wire. */
const golden: readonly (readonly [title: string, argv: readonly string[], request: string])[] = [
  [
    'S138: start sends the client and its data sources from a comma list',
    ['start', '--client-id=client-123', '--data-sources=salesforce,jira, confluence'],
    'POST /api/v1/journeys {"client_id":"client-123","data_sources":["salesforce","jira","confluence"]}',
  ],
  [
    'S138: start takes inputs and metadata as repeated name=value',
    [
      'start',
      '--client-id',
      'c',
      '--data-sources',
      'jira',
      '--input',
      'pilot_cohort_size=25',
      '--input=users=ann,bob',
      '--metadata',
      'region=eu',
    ],
    'POST /api/v1/journeys {"client_id":"c","data_sources":["jira"],"inputs":{"pilot_cohort_size":25,"users":["ann","bob"]},"metadata":{"region":"eu"}}',
  ],
  ['S140: status reads the journey', ['status', '--client-id=client-123'], 'GET /api/v1/journeys/client-123'],
  ['S145: why asks why it waits', ['why', '--client-id=client-123'], 'GET /api/v1/journeys/client-123/why'],
  [
    'S141: history reads the events',
    ['history', '--client-id=client-123', '--format=json'],
    'GET /api/v1/journeys/client-123/history',
  ],
  [
    'S142: rollback to the stage before needs only a reason',
    ['rollback', '--client-id=client-123', '--reason=Critical bug detected'],
    'POST /api/v1/journeys/client-123/rollback {"reason":"Critical bug detected"}',
  ],
  [
    'S143: rollback takes a stage',
    ['rollback', '--client-id=client-123', '--to-stage=sandbox', '--reason=Re-testing required'],
    'POST /api/v1/journeys/client-123/rollback {"to_stage":"sandbox","reason":"Re-testing required"}',
  ],
  [
    'S146: validate-exit does not promote by itself',
    ['validate-exit', '--client-id=c'],
    'POST /api/v1/journeys/c/validate-exit {}',
  ],
  [
    'S146: validate-exit promotes when asked',
    ['validate-exit', '--client-id=c', '--promote'],
    'POST /api/v1/journeys/c/validate-exit {"promote":true}',
  ],
  [
    'S147: uow-status without a stage leaves the stage to the server',
    ['uow-status', '--client-id=c'],
    'GET /api/v1/journeys/c/work',
  ],
  [
    'S147: uow-status takes a stage',
    ['uow-status', '--client-id=c', '--stage=sandbox'],
    'GET /api/v1/journeys/c/work?stage=sandbox',
  ],
  ['stages asks for the stages', ['stages'], 'GET /api/v1/stages'],
  [
    'S150: check-agents asks by intent',
    ['check-agents', '--intent=provision_test_dataset'],
    'GET /api/v1/agents?intent=provision_test_dataset',
  ],
  [
    'S33: config show asks for origins, and for some keys',
    ['config', 'show', '--origin', '--key=stages[pilot]'],
    'GET /api/v1/config?origin=true&key=stages[pilot]',
  ],
  ['config lint names the least level', ['config', 'lint', '--level=error'], 'GET /api/v1/config/lint?level=error'],
  [
    'config diff names two versions',
    ['config', 'diff', '--from=9a1c0de19a1c0de1', '--to=active'],
    'GET /api/v1/config/diff?from=9a1c0de19a1c0de1&to=active',
  ],
  ['config history takes a page', ['config', 'history', '--limit=2'], 'GET /api/v1/config/history?limit=2'],
  [
    'config activate names a version',
    ['config', 'activate', '--hash=9a1c0de19a1c0de1'],
    'POST /api/v1/config/activate {"hash":"9a1c0de19a1c0de1"}',
  ],
  [
    'S66: config schema names a file',
    ['config', 'schema', '--file=stages.yaml'],
    'GET /api/v1/config/schema?file=stages.yaml',
  ],
  [
    'S151: retry-tasks names the unit of work in the path',
    ['retry-tasks', '--work-id=uow-client-123:1:sandbox_setup'],
    'POST /api/v1/work/uow-client-123:1:sandbox_setup/retry {}',
  ],
  [
    'answer gives what the agent of a task asks for',
    ['answer', '--work-id=uow-client-123:1:sandbox_setup', '--task=install_connectors', '--answer', 'region=eu'],
    'POST /api/v1/work/uow-client-123:1:sandbox_setup/answer {"task":"install_connectors","answer":{"region":"eu"}}',
  ],
  ['verify reads everything', ['verify'], 'GET /api/v1/verify'],
  [
    'S16: event-stream resume names the client',
    ['event-stream', 'resume', '--client-id', 'acme'],
    'POST /api/v1/journeys/acme/event-stream/resume {}',
  ],
  [
    'S111: erase names the client in the path and sends the reason',
    ['erase', '--client-id=c', '--reason=Request 4711'],
    'POST /api/v1/journeys/c/erase {"reason":"Request 4711"}',
  ],
  [
    'S40: deliveries list filters',
    ['deliveries', 'list', '--state=dead', '--client-id=c', '--destination=crm', '--cursor=dlv-c:crm:3'],
    'GET /api/v1/deliveries?state=dead&client_id=c&destination=crm&cursor=dlv-c:crm:3',
  ],
  [
    'S40: deliveries show names the delivery in the path',
    ['deliveries', 'show', '--delivery-id=dlv-c:crm:3'],
    'GET /api/v1/deliveries/dlv-c:crm:3',
  ],
  [
    'S40: deliveries replay sends one dead letter again',
    ['deliveries', 'replay', '--delivery-id=dlv-c:crm:3'],
    'POST /api/v1/deliveries/dlv-c:crm:3/replay {}',
  ],
  [
    'S40: deliveries replay-all sends those of a destination or client',
    ['deliveries', 'replay-all', '--destination=crm', '--client-id=c'],
    'POST /api/v1/deliveries/replay {"destination":"crm","client_id":"c"}',
  ],
  [
    'S152: task-logs names the unit of work in the path',
    ['task-logs', '--work-id=uow-client-123:1:sandbox_setup'],
    'GET /api/v1/work/uow-client-123:1:sandbox_setup/log',
  ],
  [
    'task claim says what can be done and how long to wait',
    ['task', 'claim', '--intents=scan,deploy', '--wait-seconds=5'],
    'POST /api/v1/tasks/claim {"intents":["scan","deploy"],"wait_seconds":5}',
  ],
  [
    'task heartbeat names the attempt in the path',
    ['task', 'heartbeat', '--task-id=task-c:1:t:a:1:1', '--percent=40'],
    'POST /api/v1/tasks/task-c:1:t:a:1:1/heartbeat {"percent":40}',
  ],
  [
    'task complete sends its output as JSON',
    ['task', 'complete', '--task-id=task-c:1:t:a:1:1', '--output={"n":1}'],
    'POST /api/v1/tasks/task-c:1:t:a:1:1/complete {"output":{"n":1}}',
  ],
  [
    'task fail says that another attempt would be in vain',
    ['task', 'fail', '--task-id=task-c:1:t:a:1:1', '--message=no', '--no-retryable'],
    'POST /api/v1/tasks/task-c:1:t:a:1:1/fail {"message":"no","retryable":false}',
  ],
  [
    'list filters',
    ['list', '--stage=pilot', '--status=active', '--limit=20'],
    'GET /api/v1/journeys?stage=pilot&status=active&limit=20',
  ],
  [
    'promote gives its reason',
    ['promote', '--client-id=c', '--reason=Agreed'],
    'POST /api/v1/journeys/c/promote {"reason":"Agreed"}',
  ],
  [
    'S61: promote asks for an override',
    ['promote', '--client-id=c', '--override', '--reason=The survey comes late'],
    'POST /api/v1/journeys/c/promote {"reason":"The survey comes late","override":true}',
  ],
  [
    'S61: confirm-override names the request in the path',
    ['confirm-override', '--override-id=ovr-c:2:41'],
    'POST /api/v1/overrides/ovr-c:2:41/confirm {}',
  ],
  [
    'pause gives its reason',
    ['pause', '--client-id=c', '--reason=Moving'],
    'POST /api/v1/journeys/c/pause {"reason":"Moving"}',
  ],
  [
    'resume gives its reason',
    ['resume', '--client-id=c', '--reason=Moved'],
    'POST /api/v1/journeys/c/resume {"reason":"Moved"}',
  ],
  [
    'complete gives its reason',
    ['complete', '--client-id=c', '--reason=Ended'],
    'POST /api/v1/journeys/c/complete {"reason":"Ended"}',
  ],
  [
    'provide-input sends values of every type',
    [
      'provide-input',
      '--client-id=c',
      '--input',
      'n=1.5',
      '--input',
      'on=true',
      '--input',
      'users=ann,',
      '--input',
      'map={"a":[1]}',
      '--input',
      'word=two words',
    ],
    'POST /api/v1/journeys/c/inputs {"inputs":{"n":1.5,"on":true,"users":["ann"],"map":{"a":[1]},"word":"two words"}}',
  ],
  [
    'evidence add sends one observation from flags',
    [
      'evidence',
      'add',
      '--client-id=c',
      '--kind=search_quality',
      '--value={"precision":0.86}',
      '--observed-at=2026-02-01T09:00:00Z',
      '--source=eval',
    ],
    'POST /api/v1/journeys/c/evidence {"observations":[{"kind":"search_quality","value":{"precision":0.86},"observed_at":"2026-02-01T09:00:00Z","source":"eval"}]}',
  ],
  [
    'evidence import sends a file as it is, and the rest beside it',
    ['evidence', 'import', '--client-id=c', '--file=-', '--report-format=sarif', '--category=front end'],
    'POST /api/v1/journeys/c/evidence/import?report_format=sarif&category=front+end',
  ],
  ['evidence list', ['evidence', 'list', '--client-id=c', '--limit=5'], 'GET /api/v1/journeys/c/evidence?limit=5'],
  ['approvals lists what is open', ['approvals'], 'GET /api/v1/approvals'],
  ['request-approval asks again', ['request-approval', '--client-id=c'], 'POST /api/v1/journeys/c/approval-request {}'],
  [
    'token create sends lists and numbers',
    ['token', 'create', '--name=ci', '--roles=operator,approver', '--expires-in=30d'],
    'POST /api/v1/tokens {"name":"ci","roles":["operator","approver"],"expires_in":"30d"}',
  ],
  ['token list', ['token', 'list'], 'GET /api/v1/tokens'],
  [
    'audit filters',
    ['audit', '--actor=ann', '--door=slack', '--from=2026-02-01T09:00:00Z'],
    'GET /api/v1/audit?actor=ann&door=slack&from=2026-02-01T09:00:00Z',
  ],
  [
    'people map',
    ['people', 'map', '--team-id=T012AB3CD', '--user-id=U012AB3CD', '--roles=approver,operator', '--name=ann'],
    'POST /api/v1/people {"team_id":"T012AB3CD","user_id":"U012AB3CD","name":"ann","roles":["approver","operator"]}',
  ],
  ['people list', ['people', 'list'], 'GET /api/v1/people'],
  [
    'people unmap',
    ['people', 'unmap', '--team-id=T012AB3CD', '--user-id=U012AB3CD'],
    'DELETE /api/v1/people/T012AB3CD/U012AB3CD',
  ],
  ['slack check', ['slack', 'check'], 'GET /api/v1/slack/check'],
  ['token revoke', ['token', 'revoke', '--token=ci'], 'DELETE /api/v1/tokens/ci'],
];

describe('what each verb sends', () => {
  test.each(golden)('%s', async (_title, argv, request) => {
    await using server = await serverDouble(() =>
      ok({ healthy: 1, ok: true, findings: [], clients: [], whole: [], next_after: null }),
    );
    const { code, err } = await runCli(server.url, argv);
    expect({ code, err, lines: server.lines() }).toEqual({ code: 0, err: '', lines: [request] });
  });

  test('every use-case with a CLI surface is a verb, and every verb is tested here, with approvals or with config', () => {
    const named = verbs().map(({ name }) => name);
    const surfaces = catalogue.flatMap(({ surface }) => (surface.cli ? [surface.cli.verb] : []));
    expect(named).toEqual([...surfaces, 'approve', 'reject', 'config check', 'doctor', 'watch']);
    const typed = new Set(golden.map(([, argv]) => argv.join(' ')));
    const untested = surfaces.filter(
      (verb) => ![...typed].some((line) => line === verb || line.startsWith(`${verb} `)),
    );
    expect(untested).toEqual([]);
  });

  test('every example in the help is a command line that is understood', async () => {
    await using server = await serverDouble(() =>
      ok({ healthy: 1, findings: [], approvals: [], clients: [], whole: [], next_after: null }),
    );
    for (const { name, examples } of verbs())
      for (const example of examples) {
        // oxlint-disable-next-line no-await-in-loop -- one command line after the other.
        const { err } = await runCli(server.url, words(example), { columns: 80 });
        expect(`${name}: ${err}`).not.toMatch(/unknown|invalid|hint: journey-cli help/);
      }
  });
});

test('a client id that would change the path is not sent', async () => {
  await using server = await serverDouble(() => ok({}));
  const outcomes = await Promise.all(['..', '.', ''].map((id) => runCli(server.url, ['status', `--client-id=${id}`])));
  expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2]);
  await runCli(server.url, ['status', '--client-id=a/b?c']);
  expect(server.seen.map(({ target }) => target)).toEqual(['/api/v1/journeys/a%2Fb%3Fc']);
});

test('a server behind a path prefix is reached under it', async () => {
  await using server = await serverDouble(() => ok({ tokens: [] }));
  await runCli(`${server.url}/journeys-api/`, ['token', 'list']);
  expect(server.lines()).toEqual(['GET /journeys-api/api/v1/tokens']);
});

describe('evidence add', () => {
  const many = [
    { kind: 'a', value: 1 },
    { kind: 'b', value: 2 },
  ];

  for (const [form, text] of [
    ['a list', JSON.stringify(many)],
    ['the body of the API', JSON.stringify({ observations: many })],
  ] as const)
    test(`--file takes ${form}`, async () => {
      await using server = await serverDouble(() => ok({}));
      const { code } = await runCli(server.url, ['evidence', 'add', '--client-id=c', '--file=o.json'], {
        files: { 'o.json': text },
      });
      expect(code).toBe(0);
      expect(server.seen[0]?.body).toEqual({ observations: many });
    });

  test('--file - reads standard input, where a single observation will do', async () => {
    await using server = await serverDouble(() => ok({}));
    await runCli(server.url, ['evidence', 'add', '--client-id=c', '--file', '-'], { input: '{"kind":"a","value":1}' });
    expect(server.seen[0]?.body).toEqual({ observations: [{ kind: 'a', value: 1 }] });
  });

  test('a file and flags together, a missing file, no JSON, and half an observation are wrong usage', async () => {
    await using server = await serverDouble(() => ok({}));
    const add = (...flags: readonly string[]) =>
      runCli(server.url, ['evidence', 'add', '--client-id=c', ...flags], { files: { 'bad.json': '{' } });
    const outcomes = await Promise.all([
      add('--file=bad.json', '--kind=a'),
      add('--file=none.json'),
      add('--file=bad.json'),
      add('--kind=a'),
      add('--kind=a', '--value=precision'),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(outcomes.map(({ err }) => err.split('\n')[0])).toEqual([
      'error: --kind and --file are both given.',
      'error: There is no file none.json.',
      expect.stringContaining('bad.json is not JSON'),
      'error: --value is not given.',
      expect.stringContaining('It is not JSON'),
    ]);
    expect(server.seen).toEqual([]);
  });
});

/** Splits a line as a shell does, quotes and all. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
