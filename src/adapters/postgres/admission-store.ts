import type { AdmissionStore } from '#application/admission.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

export function postgresAdmissionStore(database: Database): AdmissionStore {
  return {
    hold: async (epoch, machineNow) => {
      const [row] = await database.query<{ holder: number | null; lives: boolean }>(
        `select a.holder, coalesce(p.lease_until > $1, false) as lives
         from admission a left join processes p on p.epoch = a.holder where a.id = 1`,
        [timestamptz(machineNow)],
        'admission_holder',
      );
      if (row?.holder === epoch) return true;
      if (row?.lives === true) return false;
      // Flushes of the old holder keep a share lock on the row: this waits for them, and the count that follows sees them.
      const taken = await database.query(
        'update admission set holder = $1 where id = 1 and holder is not distinct from $2 returning id',
        [epoch, row?.holder ?? null],
        'take_admission',
      );
      return taken.length > 0;
    },
    slotsTaken: async () => {
      const [row] = await database.query<{ taken: number }>(
        'select count(*)::int as taken from journey_states where holds_slot',
        [],
        'slots_taken',
      );
      return row?.taken ?? 0;
    },
    queued: async (limit) => {
      const rows = await database.query<{ client_id: string }>(
        `select client_id from journey_states where status = 'queued' order by started_at, client_id limit $1`,
        [limit],
        'queued',
      );
      return rows.map(({ client_id }) => client_id);
    },
  };
}
