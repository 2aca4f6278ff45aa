import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import { admissionOf } from '#application/admission.ts';
import type { Clock, Plans } from '#application/ports.ts';
import { verifyPage, verifyWhole, type Verifier } from '#application/verify.ts';
import { postgresAdmissionStore } from '#adapters/postgres/admission-store.ts';
import { postgresVerifyStore } from '#adapters/postgres/verify-store.ts';
import { postgresProcessStore } from '#adapters/postgres/process-store.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { noSleep, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { T0 } from '#test/support/engine/play.ts';
import { commandFor, history, variedDocument, worldOf, type Step } from '#test/support/engine/random-commands.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

/** One place for two clients at a time: the other waits in the queue. */
const CAP = 1;
const plan = compilePlan({ ...variedDocument, max_concurrent_journeys: CAP });
/** Nothing is dispatched here, so whatever is due stays so. */
const NEVER_OVERDUE_MS = Date.UTC(2000, 0);

/** What is asked of which of the two clients. */
type Asked = { readonly step: Step; readonly second: boolean };

/** Everything that `verify` knows, asked of the store after every single command. */
export function invariantsContract(fresh: () => Promise<FreshDatabase>): void {
  describe('two clients and one place', () => {
    let at: FreshDatabase;
    let engine: TestJournal;
    let look: () => Promise<unknown>;
    let verifier: Verifier;
    let now = T0;
    let runs = 0;

    beforeAll(async () => {
      at = await fresh();
      // The epochs of the steps, 1 and 2: both live, and one of them admits.
      for (const name of ['one', 'other']) await postgresProcessStore(at.database).register(name, T0, T0 + 3_650 * DAY);
      const clock: Clock = { journey: () => now, machine: () => now, sleep: noSleep };
      const plans: Plans = { active: () => plan, get: () => plan, ensure: () => Promise.resolve() };
      const owner = { epoch: () => engine.world.epoch };
      const admission = admissionOf(postgresAdmissionStore(at.database), plans, clock, quiet, owner);
      look = admission.look;
      engine = await openTestJournal(at.database, { plan, admission, clock });
      verifier = { store: postgresVerifyStore(at.database), plans, clock, digest: cryptoIds.digest, eventCopy: null };
    });
    afterAll(async () => {
      await engine.journal.close();
      await at.drop();
    });

    async function ask(clientId: string, step: Step): Promise<void> {
      now += step.pass_ms;
      const { epoch, hasRoom, route, isHeldBack } = { ...engine.world, ...worldOf(step) };
      Object.assign(engine.world, { epoch, hasRoom, route, isHeldBack });
      await look();
      const command = commandFor(step, plan, await engine.stored(clientId), now);
      // Whoever has run a task says so itself.
      const by = command.type === 'task_result' ? (command.owner ?? epoch) : epoch;
      await engine.submit(clientId, command, { requestId: `e${by}-${cryptoIds.random()}` });
    }

    async function broken(): Promise<readonly string[]> {
      const pages = await verifyPage(verifier, { after: '', limit: 100, grace_ms: NEVER_OVERDUE_MS });
      const all = [...(await verifyWhole(verifier)), ...pages.flatMap(({ violations }) => violations)];
      return all.map(({ invariant, message }) => `${invariant}: ${message}`);
    }

    test('I1 I2 I3 I4 I5 I6 I9 I10 I11 I13 I14 I16 I19: hold after every command, whatever is asked in whatever order', async () => {
      const asked = fc
        .tuple(history(60), fc.array(fc.boolean(), { minLength: 61, maxLength: 61 }))
        .map(([steps, seconds]) => steps.map((step, index): Asked => ({ step, second: seconds[index] === true })));
      await fc.assert(
        fc.asyncProperty(asked, async (steps) => {
          runs += 1;
          const [begins] = steps;
          for (const { step, second } of begins ? [{ ...begins, second: true }, ...steps] : []) {
            await ask(`run-${runs}-${second ? 'second' : 'first'}`, step);
            expect(await broken()).toEqual([]);
          }
          // The place is free for the next run.
          for (const name of ['first', 'second'])
            await engine.submit(`run-${runs}-${name}`, { type: 'complete', reason: 'over' });
        }),
        { numRuns: 3, endOnFailure: true },
      );
      const kinds = engine.recordings.flatMap(({ events }) => events.map(({ event }) => event.type));
      expect(kinds).toEqual(expect.arrayContaining(['journey_started', 'stage_entered', 'task_succeeded']));
    });
  });
}
