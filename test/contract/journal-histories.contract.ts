import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
import { stageOf } from '#core/plan.ts';
import { statusOf } from '#core/work/graph.ts';
import { definitionOf, progressOf, type Unit } from '#core/work/unit.ts';
import { cryptoIds } from '#adapters/ids.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { holdAdmission, inOrder, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, type Play } from '#test/support/engine/play.ts';
import { commandFor, history, variedDocument, worldOf, type Step } from '#test/support/engine/random-commands.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

const ROUNDS = 25;

/** Everything that the journal writes, against the pure core, over random histories. */
export function journalHistoriesContract(fresh: () => Promise<FreshDatabase>): void {
  describe('random histories', () => {
    let at: FreshDatabase;
    let engine: TestJournal;
    let clients = 0;

    beforeAll(async () => {
      at = await fresh();
      // A cache of one: some commands find a warm aggregate, the others load it.
      engine = await openTestJournal(at.database, {
        plan: playOf(variedDocument).plan,
        limits: { lanes: 1, cache: 1 },
      });
    });
    afterAll(async () => {
      await engine.journal.close();
      await at.drop();
    });

    /** The same command to the core and to the journal: what each of them says. */
    async function step(play: Play, now: Step): Promise<{ readonly core: unknown; readonly journal: unknown }> {
      play.pass(now.pass_ms);
      const world = { ...worldOf(now), digest: cryptoIds.digest };
      Object.assign(engine.world, world, { now: play.now() });
      await holdAdmission(at.database, now.epoch);
      const command = commandFor(now, play.plan, play.known(), play.now());
      const core = play.attempt(command, world);
      const answer = await engine.submit(play.clientId, command);
      return { core, journal: isRefusal(answer) ? answer : answer.events };
    }

    test('I9: after every step the store has what the core has, field by field, and its tables agree with it', async () => {
      await fc.assert(
        fc.asyncProperty(history(45), async (steps) => {
          const play = playOf(variedDocument, `history-${(clients += 1)}`);
          for (const now of steps) {
            const { core, journal } = await step(play, now);
            expect(journal).toEqual(core);
            expect(inOrder(await engine.stored(play.clientId))).toEqual(inOrder(play.known()));
            expect(await tablesOf(at.database, play)).toEqual(tablesAsFolded(play));
          }
        }),
        { numRuns: 10, endOnFailure: true },
      );
    }, 60_000);

    test('I9: many histories at once, in shared flushes, come out as each would alone', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(history(ROUNDS), { minLength: 8, maxLength: 12 }), async (histories) => {
          const plays = histories.map((steps) => ({ steps, play: playOf(variedDocument, `crowd-${(clients += 1)}`) }));
          for (const world of histories[0]?.slice(0, ROUNDS) ?? []) {
            const round = histories[0]?.indexOf(world) ?? 0;
            const told = await Promise.all(plays.map(({ steps, play }) => step(play, inWorld(world, steps[round]))));
            expect(told.map(({ journal }) => journal)).toEqual(told.map(({ core }) => core));
          }
          for (const { play } of plays)
            expect(inOrder(await engine.stored(play.clientId))).toEqual(inOrder(play.known()));
        }),
        { numRuns: 4, endOnFailure: true },
      );
    }, 60_000);
  });
}

/** The commands of one flush share its world: what is asked is each history's own, the rest that of the first one. */
const inWorld = (world: Step, { kind, pick }: Pick<Step, 'kind' | 'pick'> = { kind: 'evaluate', pick: 0 }): Step => ({
  ...world,
  kind,
  pick,
});

type Tables = {
  readonly events: number;
  readonly times: unknown;
  readonly units: readonly unknown[];
  readonly progress: readonly unknown[];
  readonly room: readonly string[];
  readonly approval: unknown;
};

async function tablesOf(database: Database, { clientId, known }: Play): Promise<Tables> {
  const present = known()?.units ?? [];
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from journey_events where client_id = $1 having min(seq) = 1 and max(seq) = count(*)',
    [clientId],
  );
  const units = await database.query(
    `select work_id, status, owner from unit_of_works where client_id = $1 and (status = 'in_progress' or work_id = any($2))
     order by work_id collate "C"`,
    [clientId, present.map(({ workId }) => workId)],
  );
  const progress = await database.query<{ task_id: string; generation: number }>(
    'select task_id, state, generation, attempt from uow_progress where client_id = $1 and work_id = any($2) order by task_id collate "C"',
    [clientId, running(present).map(({ workId }) => workId)],
  );
  const room = await database.query<{ name: string }>(
    `select work_id || '/' || task_id || ' ' || state as name from uow_tasks where client_id = $1 and state <> 'cancelled'`,
    [clientId],
  );
  const [times] = await database.query(
    'select paused_at, paused_ms, paused_weekdays_ms, completed_at from journey_states where client_id = $1',
    [clientId],
  );
  return {
    events: row?.count ?? 0,
    times,
    units,
    progress,
    room: room.map(({ name }) => name).toSorted(),
    approval: await approvalOf(database, clientId, known()?.approval?.id),
  };
}

async function approvalOf(database: Database, clientId: string, id = ''): Promise<unknown> {
  const [row] = await database.query(
    `select status, votes, decided_by, reason, reminders, reminded_at from approvals where client_id = $1 and approval_id = $2`,
    [clientId, id],
  );
  return row;
}

const running = (units: readonly Unit[]): readonly Unit[] => units.filter(({ status }) => status === 'in_progress');

function tablesAsFolded({ plan, known }: Play): Tables {
  const journey = known();
  const units = journey?.units ?? [];
  const tasksOf = (unit: Unit) => definitionOf(stageOf(plan, journey?.stage ?? ''), unit)?.tasks ?? [];
  return {
    events: journey?.version ?? 0,
    times: journey && timesAsFolded(journey),
    units: units
      .map(({ workId, status, owner }) => ({
        work_id: workId,
        status,
        owner: status === 'in_progress' ? owner : null,
      }))
      .toSorted((a, b) => (a.work_id < b.work_id ? -1 : 1)),
    progress: running(units)
      .flatMap((unit) =>
        tasksOf(unit).map((task) => {
          const { generation, attempt, via } = progressOf(unit, task.id);
          const state = statusOf(task, unit);
          // What runs in a process that nobody has taken over yet is as good as ready.
          const shown = state === 'running' && via === 'in_process' && unit.owner === null ? 'ready' : state;
          return { task_id: task.id, state: shown, generation, attempt };
        }),
      )
      .toSorted((a, b) => (a.task_id < b.task_id ? -1 : 1)),
    room: roomAsFolded(units),
    approval: approvalAsFolded(journey),
  };
}

const timesAsFolded = ({ pause, waits }: Journey): unknown => ({
  paused_at: pause?.since ?? null,
  paused_ms: waits.spent.paused,
  paused_weekdays_ms: waits.pausedWeekdays_ms,
  completed_at: waits.on === null ? waits.since : null,
});

function approvalAsFolded(journey: Journey | null): unknown {
  if (!journey?.approval) return undefined;
  const { status, votes, decidedBy, reason, reminders, remindedAt } = journey.approval;
  return { status, votes, decided_by: decidedBy, reason, reminders, reminded_at: remindedAt };
}

/** A row for what has left the process or waits; none for what is done, planned, failed or cancelled. */
const roomAsFolded = (units: Journey['units']): readonly string[] =>
  units
    .filter(({ status }) => status !== 'cancelled')
    .flatMap(({ workId, tasks }) =>
      Object.entries(tasks).flatMap(([id, { status, via }]) => {
        const waits =
          ['waiting_for_input', 'ready', 'retry_wait', 'waiting_for_breaker'].includes(status) ||
          (status === 'running' && via !== 'in_process');
        return waits ? [`${workId}/${id} ${status}`] : [];
      }),
    )
    .toSorted();
