import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
import { stageOf } from '#core/plan.ts';
import { statusOf } from '#core/work/graph.ts';
import { progressOf } from '#core/work/unit.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { holdAdmission, inOrder, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, type Play } from '#test/support/engine/play.ts';
import { commandFor, history, variedDocument, worldOf, type Step } from '#test/support/engine/random-commands.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

type Fresh = () => Promise<FreshDatabase>;

/** Everything that the journal writes, against the pure core, over random histories. */
export function journalHistoriesContract(fresh: Fresh): void {
  describe('random histories', () => {
    let at: FreshDatabase;
    let engine: TestJournal;
    let clients = 0;

    beforeAll(async () => {
      at = await fresh();
      // One lane and a cache of one: half of the commands find a warm aggregate, half load it.
      engine = await openTestJournal(at.database, { plan: playOf(variedDocument).plan, limits: { lanes: 1, cache: 1 } });
    });
    afterAll(async () => {
      await engine.journal.close();
      await at.drop();
    });

    async function step(play: Play, now: Step): Promise<void> {
      play.pass(now.pass_ms);
      const world = { ...worldOf(now), digest: cryptoIds.digest };
      Object.assign(engine.world, world, { now: play.now() });
      await holdAdmission(at.database, now.epoch);
      const command = commandFor(now, play.plan, play.known(), play.now());
      const expected = play.attempt(command, world);
      const answer = await engine.submit(play.clientId, command);
      if (isRefusal(expected)) expect(answer).toEqual(expected);
      else if (isRefusal(answer)) throw new Error(`${command.type} was refused by the journal alone: ${answer.message}`);
      else expect(answer.events).toEqual(expected);
    }

    async function check(play: Play): Promise<void> {
      const journey = play.known();
      expect(inOrder(await engine.stored(play.clientId))).toEqual(inOrder(journey));
      if (journey) await tables(play, journey);
    }

    async function tables(play: Play, journey: Journey): Promise<void> {
      const { database } = at;
      const [row] = await database.query<{ count: number }>(
        'select count(*)::int as count from journey_events where client_id = $1 having min(seq) = 1 and max(seq) = count(*)',
        [play.clientId],
      );
      expect(row?.count).toBe(journey.version);
      const units = await database.query<{ work_id: string; status: string; owner: number | null }>(
        `select work_id, status, owner from unit_of_works where client_id = $1 and (status = 'in_progress' or work_id = any($2))`,
        [play.clientId, journey.units.map(({ workId }) => workId)],
      );
      const live = journey.units.map(({ workId, status, owner }) => ({
        work_id: workId,
        status,
        owner: status === 'in_progress' ? owner : null,
      }));
      expect(units).toEqual(live);
      const progress = await progressIn(play.clientId, journey);
      for (const [index, expected] of progressOfAggregate(play, journey).entries())
        expect(progress[index]).toMatchObject(expected);
      expect(await roomOf(play.clientId)).toEqual(roomOfAggregate(journey));
    }

    async function progressIn(clientId: string, { units }: Journey): Promise<readonly Progress[]> {
      const rows = await at.database.query<Progress>(
        `select task_id, state, generation, attempt from uow_progress where client_id = $1 and work_id = any($2) order by task_id`,
        [clientId, units.filter(({ status }) => status === 'in_progress').map(({ workId }) => workId)],
      );
      return rows;
    }

    const roomOf = (clientId: string): Promise<readonly string[]> =>
      at.database
        .query<{ name: string }>(
          `select work_id || '/' || task_id || ' ' || state as name from uow_tasks where client_id = $1 and state <> 'cancelled' order by 1`,
          [clientId],
        )
        .then((rows) => rows.map(({ name }) => name));

    test('I9: after every step the store has what the core has, field by field, and its tables agree with it', async () => {
      await fc.assert(
        fc.asyncProperty(history(45), async (steps) => {
          const play = playOf(variedDocument, `history-${(clients += 1)}`);
          for (const now of steps) {
            await step(play, now);
            await check(play);
          }
        }),
        { numRuns: 10, endOnFailure: true },
      );
    }, 60_000);

    test('I9: many histories at once, in shared flushes, come out as each would alone', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(history(25), { minLength: 8, maxLength: 12 }), async (histories) => {
          const plays = histories.map((steps) => ({ steps, play: playOf(variedDocument, `crowd-${(clients += 1)}`) }));
          // The world is the same for all commands of a flush, so each round uses that of the first history.
          for (let round = 0; round < 25; round += 1) {
            const world = plays[0]?.steps[round];
            if (!world) break;
            await Promise.all(plays.map(({ steps, play }) => step(play, { ...world, ...pickOf(steps[round], world) })));
          }
          for (const { play } of plays) await check(play);
        }),
        { numRuns: 4, endOnFailure: true },
      );
    }, 60_000);

    const pickOf = (step_: Step | undefined, { pass_ms, epoch, hasRoom, mayAdmit }: Step) => ({
      ...(step_ ?? { kind: 'evaluate' as const, pick: 0 }),
      ...{ pass_ms, epoch, hasRoom, mayAdmit },
    });
  });
}

type Progress = { readonly task_id: string; readonly state: string; readonly attempt: number; readonly generation?: number };

function progressOfAggregate({ plan }: Play, journey: Journey): readonly Progress[] {
  return journey.units
    .filter(({ status }) => status === 'in_progress')
    .flatMap((unit) =>
      (stageOf(plan, journey.stage)?.templates ?? [])
        .filter(({ id }) => id === unit.templateId)
        .flatMap(({ tasks }) => tasks)
        .map((task) => {
          const { status, generation, attempt, via } = progressOf(unit, task.id);
          const state = statusOf(task, unit);
          // What runs in a process that nobody has taken over yet is as good as ready.
          const shown = state === 'running' && via === 'in_process' && unit.owner === null ? 'ready' : state;
          // Which generation a task is in that nothing but retry-tasks speaks of, only its next event says.
          const said = status === 'planned' ? {} : { generation };
          return { task_id: task.id, state: shown, attempt, ...said };
        }),
    )
    .toSorted((a, b) => (a.task_id < b.task_id ? -1 : 1));
}

/** A row for what has left the process or waits; none for what is done, planned, failed or cancelled. */
function roomOfAggregate({ units }: Journey): readonly string[] {
  return units
    .filter(({ status }) => status !== 'cancelled')
    .flatMap(({ workId, tasks }) =>
      Object.entries(tasks).flatMap(([id, { status, via }]) => {
        const waits = ['waiting_for_input', 'ready', 'retry_wait'].includes(status) || (status === 'running' && via !== 'in_process');
        return waits ? [`${workId}/${id} ${status}`] : [];
      }),
    )
    .toSorted();
}

