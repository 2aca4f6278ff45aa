import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { postgresConfigStore } from '#adapters/postgres/config-store.ts';
import { postgresProcessStore } from '#adapters/postgres/process-store.ts';
import type { ConfigStore } from '#application/config-ports.ts';
import { DAY, MINUTE } from '#core/time.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';
import { anyEntry } from '#test/support/audit.ts';

const { plan } = playOf(
  smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }] }, { id: 'pilot' }, { id: 'production' }]),
);
const hashes = Array.from({ length: 8 }, (_, index) => `000000000000000${index}`);

/** Versions, which of them decides, whom one would leave behind, and files that could not be taken up. */
export function configStoreContract(fresh: () => Promise<FreshDatabase>): void {
  describe('versions of the configuration', () => {
    let at: FreshDatabase;
    let store: ConfigStore;

    beforeEach(async () => {
      at = await fresh();
      store = postgresConfigStore(at.database);
      await Promise.all(hashes.map((hash) => store.keep(hash, 'label', { hash }, T0)));
    });
    afterEach(() => at.drop());

    const activate = (hash: string, process = 'one:1') =>
      store.activate({ hash, activated_by: 'system', door: 'start', process, activated_at: T0 }, anyEntry());

    test('none decides before the first is activated, and keeping one activates nothing', async () => {
      expect(await store.active()).toBeNull();
      expect(await store.document('0000000000000003')).toEqual({ hash: '0000000000000003' });
      expect(await store.document('nothing')).toBeNull();
    });

    test('a label may be as long as the files allow', async () => {
      await store.keep('long', 'x'.repeat(200), {}, T0);
      await activate('long');
      expect((await store.activations(1))[0]?.label).toHaveLength(200);
    });

    test('S33: of activations at once none is lost, and the newest decides', async () => {
      expect(await Promise.all(hashes.map((hash) => activate(hash)))).toEqual(hashes.map(() => true));
      const recorded = await store.activations(50);
      expect(recorded.map(({ activation }) => activation)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
      expect(recorded.map(({ hash }) => hash).toSorted()).toEqual(hashes);
      expect(await store.active()).toBe(recorded[0]?.hash);
    });

    test('S33: of replicas that activate the same at once one does', async () => {
      const results = await Promise.all(
        ['one:1', 'two:1', 'three:1'].map((name) => activate('0000000000000001', name)),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await store.activations(50)).toHaveLength(1);
    });

    test('S66: whoever is in a stage that is gone is counted by stage, and ten are named', async () => {
      await holdAdmission(at.database, 1);
      const { journal, do: record } = await openTestJournal(at.database, { plan });
      const ids = Array.from({ length: 12 }, (_, index) => `client-${String(index).padStart(2, '0')}`);
      await Promise.all(ids.map((id) => record(id, start())));
      await journal.close();
      expect(await store.stranded(['pilot', 'production'])).toEqual([
        { stage: 'sandbox', count: 12, clients: ids.slice(0, 10) },
      ]);
      expect(await store.stranded(['sandbox', 'production'])).toEqual([]);
    });

    test('S66: the last failure of a process is kept, and is over when it, or after its end another, is well', async () => {
      const problems = [{ where: 'stages.yaml', path: 'stages[0].order', value: '0', allowed: 'must be more' }];
      const processes = postgresProcessStore(at.database);
      await processes.register('living:1', T0, T0 + MINUTE);
      for (const process of ['living:1', 'gone:1'])
        // oxlint-disable-next-line no-await-in-loop -- in this order.
        await store.failed({ process, failed_at: T0 + (process === 'gone:1' ? 1 : 0), problems, stranded: [] });
      await store.failed({ process: 'gone:1', failed_at: T0 + 2, problems: [], stranded: [] });
      await store.mended('other:1', T0 + 3, T0);
      expect(await store.failures(5)).toEqual([
        { process: 'gone:1', failed_at: T0 + 2, problems: [], stranded: [], mended_at: T0 + 3 },
        { process: 'living:1', failed_at: T0, problems, stranded: [], mended_at: null },
      ]);
      await store.mended('living:1', T0 + 4, T0);
      expect((await store.failures(5)).map(({ mended_at }) => mended_at)).toEqual([T0 + 3, T0 + 4]);
      await store.failed({ process: 'other:1', failed_at: T0 + 31 * DAY, problems, stranded: [] });
      expect((await store.failures(5)).map(({ process }) => process)).toEqual(['other:1']);
    });
  });
}
