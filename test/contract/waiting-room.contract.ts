import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command } from '#core/journey/commands.ts';
import { postgresProcessStore } from '#adapters/postgres/process-store.ts';
import { postgresWaitingRoom } from '#adapters/postgres/waiting-room.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

const { plan } = playOf(
  smallDocument([
    {
      id: 'sandbox',
      tasks: [
        { id: 'far', retries: 1, backoff: 'linear' },
        { id: 'pulled' },
        { id: 'asks', input: { name: { type: 'string', required: true } } },
        { id: 'here' },
      ],
    },
    { id: 'production' },
  ]),
);
const routes = (intent: string) => (intent === 'do_far' ? 'a2a' : intent === 'do_pulled' ? 'pull' : 'in_process');
const LEASE_MS = 60_000;
const all = { lost: 100, unowned: 100 };

const result = (client: string, taskId: string, attempt: number, outcome: 'ok' | 'failed'): Command => ({
  type: 'task_result',
  workId: `uow-${client}:1:sandbox_work`,
  taskId,
  fence: { generation: 1, attempt },
  outcome:
    outcome === 'ok'
      ? { type: 'succeeded', output: {} }
      : { type: 'failed', code: 'task.failed', message: 'no', retryable: true },
});

type Row = { readonly task_id: string; readonly state: string; readonly attempt: number };

/** What waits has a row, what is done has none; rows of the dead are taken by the living, once. */
export function waitingRoomContract(fresh: () => Promise<FreshDatabase>): void {
  describe('the waiting room', () => {
    let at: FreshDatabase;
    let engine: TestJournal;
    let [mine, theirs] = [0, 0];

    beforeAll(async () => {
      at = await fresh();
      const processes = postgresProcessStore(at.database);
      mine = await processes.register('mine', T0, T0 + LEASE_MS);
      theirs = await processes.register('theirs', T0, T0 + LEASE_MS);
      engine = await openTestJournal(at.database, { plan });
      Object.assign(engine.world, { epoch: mine, route: routes });
      await holdAdmission(at.database, mine);
    });
    afterAll(async () => {
      await engine.journal.close();
      await at.drop();
    });

    const rows = (client: string): Promise<Row[]> =>
      at.database.query<Row>('select task_id, state, attempt from uow_tasks where client_id = $1 order by task_id', [
        client,
      ]);
    test('has a row for each task that left or waits, and none for one that runs in this process', async () => {
      await engine.do('rows', start());
      expect(await rows('rows')).toEqual([
        { task_id: 'asks', state: 'waiting_for_input', attempt: 1 },
        { task_id: 'far', state: 'running', attempt: 1 },
        { task_id: 'pulled', state: 'ready', attempt: 1 },
      ]);
      await engine.do('rows', { type: 'provide_input', inputs: { name: 'ann' } });
      await engine.do('rows', result('rows', 'pulled', 1, 'ok'));
      await engine.do('rows', result('rows', 'far', 1, 'failed'));
      expect(await rows('rows')).toEqual([{ task_id: 'far', state: 'retry_wait', attempt: 2 }]);
      const fence = { generation: 1, attempt: 2 };
      await engine.do('rows', { type: 'begin_attempt', workId: 'uow-rows:1:sandbox_work', taskId: 'far', fence });
      expect(await rows('rows')).toEqual([{ task_id: 'far', state: 'running', attempt: 2 }]);
      await engine.do('rows', result('rows', 'far', 2, 'ok'));
      expect(await rows('rows')).toEqual([]);
    });

    test('keeps only what an agent must be told to stop when the work is cancelled, until it has been told', async () => {
      await engine.do('cancelled', start());
      await engine.do('cancelled', { type: 'complete', reason: 'over' });
      expect(await rows('cancelled')).toEqual([{ task_id: 'far', state: 'cancelled', attempt: 1 }]);
      const room = postgresWaitingRoom(at.database);
      const [task] = (await room.claim(theirs, T0, 1_000, 100, [])).filter(({ clientId }) => clientId === 'cancelled');
      expect(task).toMatchObject({ state: 'cancelled', taskId: 'far' });
      if (task) await room.forget(task);
      expect(await rows('cancelled')).toEqual([]);
    });

    test('S97: gives nobody what a living process follows; when its lease is over, one of several claimers gets each row', async () => {
      await Promise.all(['c1', 'c2', 'c3', 'c4'].map((client) => engine.do(client, start())));
      const room = postgresWaitingRoom(at.database);
      const living = await room.claim(theirs, T0 + LEASE_MS - 1, 1_000, 100, []);
      expect(living.filter(({ state }) => state === 'running')).toEqual([]);
      expect(await room.abandonedUnits(T0 + LEASE_MS - 1, all)).toEqual([]);

      await postgresProcessStore(at.database).renew(theirs, T0, T0 + 10 * LEASE_MS);
      const later = T0 + LEASE_MS + 1;
      const claims = await Promise.all([1, 2, 3].map(() => room.claim(theirs, later, 1_000, 100, [])));
      const names = claims.flat().map(({ clientId, taskId }) => `${clientId}/${taskId}`);
      expect(names.toSorted()).toEqual(['c1/far', 'c2/far', 'c3/far', 'c4/far']);
      expect(await room.claim(theirs, later, 1_000, 100, []), 'the claim is a lease').toEqual([]);
      const units = (await room.abandonedUnits(later, all)).filter(({ clientId }) => clientId.startsWith('c'));
      expect(units.map(({ clientId, owner }) => `${clientId} of ${owner}`).toSorted()).toEqual(
        ['c1', 'c2', 'c3', 'c4'].map((client) => `${client} of ${mine}`),
      );
    });

    test('remembers the name that an agent gave the task for this attempt only', async () => {
      await engine.do('named', start());
      const room = postgresWaitingRoom(at.database);
      const task = {
        clientId: 'named',
        workId: 'uow-named:1:sandbox_work',
        taskId: 'far',
        intent: 'do_far',
        state: 'running',
        generation: 1,
        attempt: 1,
        input: {},
        remoteTaskId: null,
        agentId: null,
        question: null,
        via: 'a2a',
        claimedBy: null,
        deadline: null,
      } as const;
      await room.remember(task, 'remote-1', 'the-agent');
      await room.remember({ ...task, attempt: 2 }, 'remote-2', 'another');
      expect(await room.atAgent(task)).toMatchObject({
        remoteTaskId: 'remote-1',
        agentId: 'the-agent',
        question: null,
      });
      expect(await room.atAgent({ ...task, attempt: 2 })).toBeNull();

      const of = { workId: task.workId, taskId: 'far', fence: { generation: 1, attempt: 1 } };
      const question = { id: 'q1', needs: 'input', text: 'where?' } as const;
      await engine.do('named', { type: 'interrupt_task', ...of, question });
      expect(await room.atAgent(task)).toMatchObject({ remoteTaskId: 'remote-1', question });
      expect(await room.answerTo(task, 'q1')).toBeNull();
      await engine.do('named', {
        type: 'answer_task',
        workId: task.workId,
        taskId: 'far',
        answer: { region: 'eu' },
      });
      expect(await room.answerTo(task, 'q1')).toEqual({ region: 'eu' });
      expect(await room.answerTo(task, 'q2'), 'the answer to another question').toBeNull();
      await engine.do('named', { type: 'continue_task', ...of });
      expect(await room.atAgent(task)).toMatchObject({ question: null });
      expect(await room.answerTo(task, 'q1')).toBeNull();
    });
  });
}
