import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { effectiveRoles, roles, type Principal, type Role } from '#application/principal.ts';
import { routesOf, type Route } from '#http/routes.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { deafCrm, demoApproval, documentWith, realDocument } from '#test/support/engine/fixtures.ts';
import { startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { openStack, type Stack, type TokenOptions } from '#test/support/mcp/stack.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

/** Nobody who may not see this client is to learn that it is there. */
const CANARY = 'canary-client';
const NOBODY = 'no-such-client';
const routes = routesOf(catalogue);
/** Its pilot waits for dana's approval. */
const document = documentWith({
  stages: realDocument.stages.map((stage) => ({
    ...stage,
    exit_criteria: stage.stage_id === 'pilot' ? [demoApproval({ approvers: ['user:dana'] })] : [],
  })),
});

/** What a route is asked with, by the names of its required fields; a field without a sample fails the test. */
const samples = (client: string): { readonly [field: string]: unknown } => ({
  client_id: client,
  data_sources: ['jira'],
  reason: 'because',
  override_id: `ovr-${client}:1:1`,
  work_id: `uow-${client}:1:sandbox_setup`,
  task_id: `task-${client}:1:sandbox_setup:provision_infrastructure:1:1`,
  approval_id: client === CANARY ? before.approval.approval_id : `apr-${client}:1:1`,
  delivery_id: `dlv-${client}:crm:1`,
  inputs: { size: 1 },
  task: 'provision_infrastructure',
  answer: { region: 'eu' },
  observations: [{ kind: 'survey_response', subject: 'ann', value: { score: 4 } }],
  intents: ['provision_infrastructure'],
  output: {},
  message: 'it broke',
  document: 'respondent,score\nann@example.com,4\nben@example.com,5\n',
  retryable: false,
  decision: 'approve',
  digest: before.approval.digest,
  file: 'stages.yaml',
  destination: 'crm',
  files: {},
  hash: '0123456789abcdef',
  name: 'somebody',
  token: 'no-such-token',
  team_id: 'T012AB3CD',
  user_id: 'U012AB3CD',
  roles: ['viewer'],
});

/**
 * Writes that every role may reach, since what they ask for is decided within: what somebody who only reads is told.
 * Whoever adds such a route says here what shuts it.
 */
const decidedWithin: { readonly [useCase: string]: RegExp } = {
  'approval.decide': /^approval\.not_an_approver$/,
  'evidence.record': /^(auth\.forbidden|evidence\.\w+)$/,
  'evidence.import': /^(auth\.forbidden|evidence\.\w+)$/,
  'task.claim': /^auth\.forbidden$/,
  'task.heartbeat': /^auth\.forbidden$/,
  'task.complete': /^auth\.forbidden$/,
  'task.fail': /^auth\.forbidden$/,
};

let at: FreshDatabase;
let stack: Stack;
let before: Output;
const tokens = new Map<string, string>();

const tokenOf = async (options: TokenOptions & { readonly kind: 'user' | 'agent' }): Promise<string> => {
  const key = JSON.stringify(options);
  const known = tokens.get(key) ?? (await stack.token(options));
  tokens.set(key, known);
  return known;
};

type Answer = { readonly status: number; readonly code: string | undefined; readonly text: string };

async function ask(route: Route, token: string | undefined, client: string): Promise<Answer> {
  const given = samples(client);
  const fields = Object.fromEntries(
    [...new Set([...route.required, ...(route.fields['client_id'] ? ['client_id'] : [])])].map((name) => {
      if (!Object.hasOwn(given, name)) throw new Error(`Say what ${route.useCase.name} is asked with as ${name}.`);
      return [name, given[name]];
    }),
  );
  const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => String(fields[name]));
  const rest = Object.entries(fields).filter(([name]) => !route.params.includes(name));
  const query = route.method === 'POST' ? '' : `?${asQuery(rest)}`;
  const body = route.method === 'POST' ? bodyOf(route, Object.fromEntries(rest)) : undefined;
  const response = await fetch(`${stack.url}${path}${query}`, {
    method: route.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body ? { 'content-type': body.type } : {}),
    },
    ...(body ? { body: body.text } : {}),
  });
  const text = await response.text();
  const { code } = JSON.parse(text) as { code?: string };
  return { status: response.status, code, text };
}

const asQuery = (fields: readonly (readonly [string, unknown])[]): string =>
  new URLSearchParams(Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))).toString();

/** A document is the body itself. */
function bodyOf({ surface }: Route, fields: { readonly [name: string]: unknown }): { type: string; text: string } {
  const report = surface.document && fields[surface.document.field];
  return typeof report !== 'string'
    ? { type: 'application/json', text: JSON.stringify(fields) }
    : { type: 'text/csv', text: report };
}

const principalWith = (given: readonly Role[]): Principal => ({
  id: 'x',
  kind: 'user',
  roles: given,
  clients: null,
  evidenceKinds: [],
  intents: null,
});
const kindOf = ({ useCase }: Route): 'user' | 'agent' =>
  useCase.kinds && !useCase.kinds.includes('agent') ? 'user' : 'agent';
/** The least role that opens the route, and all that do not. */
const opening = ({ useCase }: Route): Role =>
  roles.find((role) => useCase.allow.some((one) => effectiveRoles(principalWith([role])).has(one))) ?? 'admin';
const shut = ({ useCase }: Route): readonly (readonly Role[])[] => [
  [],
  ...roles
    .filter((role) => !useCase.allow.some((one) => effectiveRoles(principalWith([role])).has(one)))
    .map((role) => [role]),
];

beforeAll(async () => {
  at = await freshEmbedded();
  stack = await openStack({
    database: at.database,
    functions: scriptedAgents().functions,
    settings: {
      document,
      ...deafCrm,
      rates: { callsPerSecond: 100_000, refusalsPerSecond: 100_000 },
    },
  });
  await stack.engine.call('journey.start', startInput(CANARY));
  before = await stack.engine.until(CANARY, ({ approval }) => approval?.status === 'open', 60_000);
  await at.database.query(
    `insert into config_reload_failures (process, failed_at, problems, stranded)
     values ('other:1', to_timestamp(1e9), '[]', $1)`,
    [JSON.stringify([{ stage: 'pilot', count: 1, clients: [CANARY] }])],
  );
  for (const kind of ['user', 'agent'] as const) {
    const expired = await tokenOf({ kind, name: `expired-${kind}`, roles: [...roles] });
    tokens.set(`expired-${kind}`, expired);
  }
  await at.database.query(`update tokens set expires_at = to_timestamp(1e9) where name like 'expired-%'`);
}, 240_000);
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await at.drop();
});

const forPeople = routes.filter((route) => kindOf(route) === 'user');
const decidingWithin = routes.filter((route) => route.useCase.effect !== 'read' && opening(route) === 'viewer');
const forAdmins = routes.filter(({ useCase }) => useCase.allow.every((role) => role === 'admin'));
const ofOneClient = routes.filter(
  (route) => route.useCase.client && route.fields['client_id'] && !forAdmins.includes(route),
);
const opened = routes.filter((route) => !decidingWithin.includes(route));

describe.each(routes)('S144 I15: $method $path', (route) => {
  test('is shut without a token, and to one that has expired', async () => {
    expect(await ask(route, undefined, CANARY)).toMatchObject({ status: 401, code: 'auth.missing' });
    for (const kind of ['user', 'agent']) {
      const answer = await ask(route, tokens.get(`expired-${kind}`), CANARY);
      expect(answer).toMatchObject({ status: 401, code: 'auth.expired' });
    }
  });

  test('is shut to every role that is not named for it, and to none at all', async () => {
    for (const given of shut(route)) {
      const token = await tokenOf({ kind: kindOf(route), roles: given });
      const { status, code } = await ask(route, token, CANARY);
      expect({ given, status, code }).toEqual({ given, status: 403, code: 'auth.forbidden' });
    }
  });

  test('tells whoever may see other clients only nothing of this one', async () => {
    const { text } = await ask(route, await elsewhere(route), CANARY);
    expect(text.replaceAll(`No journey of ${CANARY} is known.`, '')).not.toContain(CANARY);
  });
});

/** A token with every role, but for another client. */
const elsewhere = (route: Route): Promise<string> =>
  tokenOf({ kind: kindOf(route), roles: [...roles], clients: ['other-client'] });

test.each(ofOneClient)(
  'I15: $method $path is about one client, and unknown to whoever may not see that one',
  async (route) => {
    expect(await ask(route, await elsewhere(route), CANARY)).toMatchObject({ status: 404, code: 'journey.unknown' });
  },
);

test.each(forAdmins)('I15: $method $path concerns all, and is shut to an admin of some clients', async (route) => {
  expect(await ask(route, await elsewhere(route), CANARY)).toMatchObject({ status: 403, code: 'auth.forbidden' });
});

test.each(forPeople)('I4: $method $path is for people, and shut to an agent with every role', async (route) => {
  const { status, code } = await ask(route, await tokenOf({ kind: 'agent', roles: [...roles] }), CANARY);
  expect({ status, code }).toEqual({ status: 403, code: expect.stringMatching(/^(auth\.forbidden|\w+\.by_agent)$/) });
});

test.each(decidingWithin)('$method $path writes, and refuses within whoever only reads', async (route) => {
  const answer = await ask(route, await tokenOf({ kind: 'user', roles: ['viewer'] }), CANARY);
  expect(answer.code).toMatch(decidedWithin[route.useCase.name] ?? /a rule for it in decidedWithin/);
});

test.each(opened)('$method $path is open to the role that is named for it', async (route) => {
  const { status } = await ask(route, await tokenOf({ kind: kindOf(route), roles: [opening(route)] }), NOBODY);
  expect([401, 403, 429, 500]).not.toContain(status);
});

test('every rule is about a route that there is', () => {
  expect(decidingWithin.map(({ useCase }) => useCase.name).toSorted()).toEqual(Object.keys(decidedWithin).toSorted());
  expect([forPeople, forAdmins, ofOneClient].map(({ length }) => length > 5)).toEqual([true, true, true]);
});

test('I15: after all that the client is as it was', async () => {
  const { version, stage, status } = await stack.engine.show(CANARY);
  expect({ version, stage, status }).toEqual({ version: before.version, stage: before.stage, status: before.status });
});
