import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { CrmSettings } from '#settings/settings.ts';
import { loopback, openPilot } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica, type ReplicaOptions } from '#test/support/engine/replicas.ts';
import { firstArrivals, receiver, type Receiver } from '#test/support/outbound/receiver.ts';
import { freshDatabase } from '#test/support/postgres/fresh.ts';

const CLIENTS = 30;
const LEASE_MS = 3_000;
const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${String(index).padStart(2, '0')}`);
/** How long the receiver takes: long enough that messages pile up, and that a kill meets calls under way. */
const ANSWER_MS = 150;

/** What a process has claimed, by the end of its name. */
const HELD = 'select 1 as one from outbox o join processes p on p.epoch = o.owner where p.name like $1';

type Ask = (useCase: string, input: JsonObject) => Promise<Output>;

/** Into the pilot and back: three messages a client or more. */
async function thereAndBack(client: string, ask: Ask): Promise<void> {
  await ask('journey.start', startInput(client));
  await eventually(
    () => ask('journey.show', { client_id: client }),
    ({ stage }) => stage === 'pilot',
  );
  await ask('journey.roll_back', { client_id: client, reason: 'not yet' });
}
const complete = (client: string, ask: Ask): Promise<Output> =>
  ask('journey.complete', { client_id: client, reason: 'over' });

type Counter = { readonly opened: Promise<void>; readonly open: () => void };
function closed(): Counter {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function liveThrough(client: string, ask: Ask): Promise<void> {
  await thereAndBack(client, ask);
  await complete(client, ask);
}

async function outbox(ask: Ask): Promise<readonly Output[]> {
  const rows: Output[] = [];
  let cursor: string | null = null;
  do {
    const page: Output = await ask('delivery.list', { limit: 200, ...(cursor === null ? {} : { cursor }) });
    rows.push(...page.deliveries);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}

const asking =
  (one: Replica): Ask =>
  async (use_case, input) => {
    const answer = await one.ask({ use_case, input });
    if (!answer.ok) throw new Error(`${use_case} was refused: ${answer.problem.message}`);
    return answer.output;
  };

const allDelivered = (ask: Ask) =>
  eventually(
    () => outbox(ask),
    (rows) => rows.every(({ state }) => state === 'delivered'),
    240_000,
  );

describe('messages to a CRM, by processes of their own', () => {
  let crm: Receiver;
  let directory: string;
  /** Messages of one client that were with the receiver at once. */
  let overlaps: string[];
  /** Calls are answered only while it is open. */
  let counter: Counter;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    overlaps = [];
    counter = closed();
    counter.open();
    const open = new Set<string>();
    crm = await receiver(({ body }, response) => {
      const client = String(body.data.client_id);
      if (open.has(client)) overlaps.push(String(body.id));
      open.add(client);
      // A process that is killed closes its connections; its calls are over then.
      response.once('close', () => open.delete(client));
      void pause(ANSWER_MS)
        .then(() => counter.opened)
        .then(() => response.writeHead(204).end());
    });
    directory = await mkdtemp(join(tmpdir(), 'journey-relay-'));
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((one) => one.kill()));
    await crm[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const settings = (): CrmSettings => ({ url: crm.url, secrets: ['a secret of this test'], hubSignature: false });
  async function replica(more: Partial<ReplicaOptions>): Promise<Replica> {
    const started = await startReplica({ lease_ms: LEASE_MS, task_ms: 0, crm: settings(), ...more });
    replicas.push(started);
    expect(started.refused).toBeUndefined();
    return started;
  }

  const expectAllInOrder = (rows: readonly Output[]): void => {
    const written = Object.fromEntries(
      [...Map.groupBy(rows, ({ client_id }) => String(client_id))].map(([client, of]) => [
        client,
        of.map(({ seq }) => Number(seq)),
      ]),
    );
    expect(rows.length).toBeGreaterThanOrEqual(CLIENTS * 4);
    expect(firstArrivals(crm.received)).toEqual(written);
  };
  const arrivals = (count: number) =>
    eventually(
      () => Promise.resolve(crm.received.length),
      (now) => now >= count,
    );

  test('I7 I8: killed in the middle of deliveries and started again, it delivers everything, in order per client', async () => {
    const first = await replica({ dataDirectory: directory });
    await Promise.all(clients.map((client) => thereAndBack(client, asking(first))));
    await arrivals(CLIENTS / 2);
    counter = closed();
    await Promise.all(clients.map((client) => complete(client, asking(first))));
    const left = (await outbox(asking(first))).filter(({ state }) => state !== 'delivered');
    expect(left.length, 'it dies with messages left').toBeGreaterThanOrEqual(CLIENTS);
    await first.kill();
    counter.open();

    const second = await replica({ dataDirectory: directory });
    expectAllInOrder(await allDelivered(asking(second)));
  }, 400_000);

  test('I7: two replicas on one server share the messages: each goes out once, and never two of a client at once', async () => {
    await using at = await freshDatabase();
    await using door = await engineOn({
      database: at.database,
      keepDatabase: true,
      settings: { enabled: false, document: openPilot, crm: settings(), outbound: loopback },
    });
    await Promise.all([replica({ url: at.url }), replica({ url: at.url })]);
    await Promise.all(clients.map((client) => liveThrough(client, door.call)));
    const rows = await allDelivered(door.call);
    expectAllInOrder(rows);
    // Once an attempt: a second one is made only where nobody can know what became of the first.
    const came = Map.groupBy(crm.received, ({ body }) => String(body.id));
    const wrong = rows.filter(({ delivery_id, attempts }) => {
      const calls = came.get(String(delivery_id))?.length ?? 0;
      return calls < 1 || calls > Number(attempts);
    });
    expect(wrong).toEqual([]);
    expect(overlaps).toEqual([]);
    const owners = await at.database.query('select distinct epoch from processes');
    expect(owners.length).toBeGreaterThan(1);
  }, 400_000);

  test('I7 I13: of two replicas one is killed, one is stopped beyond its claims: what is left goes out in order all the same', async () => {
    await using at = await freshDatabase();
    await using door = await engineOn({
      database: at.database,
      keepDatabase: true,
      settings: { enabled: false, document: openPilot, crm: settings(), outbound: loopback },
    });
    const [one, other] = await Promise.all([replica({ url: at.url }), replica({ url: at.url })]);
    const under = Promise.all(clients.map((client) => liveThrough(client, door.call)));
    await arrivals(CLIENTS / 2);
    await one.kill();
    await arrivals(CLIENTS);
    counter = closed();
    const stopped = `%:${other.pid}`;
    const held = () => at.database.query(HELD, [stopped]);
    await eventually(held, (rows) => rows.length > 0);
    other.signal('SIGSTOP');
    counter.open();
    const third = await replica({ url: at.url });
    // Its claims run out, and the third takes what it had under way.
    await eventually(held, (rows) => rows.length === 0);
    other.signal('SIGCONT');
    await under;
    expectAllInOrder(await allDelivered(door.call));
    expect(third.refused).toBeUndefined();
  }, 400_000);
});
