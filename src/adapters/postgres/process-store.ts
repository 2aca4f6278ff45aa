import type { ProcessStore } from '#application/process.ts';
import { DAY } from '#core/time.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

export function postgresProcessStore(database: Database): ProcessStore {
  return {
    register: async (name, machineNow, leaseUntil) => {
      // Epochs are never used again, so long-gone processes need no row to be known as gone.
      await database.query('delete from processes where lease_until < $1', [timestamptz(machineNow - DAY)]);
      const [row] = await database.query<{ epoch: number }>(
        'insert into processes (name, started_at, lease_until) values ($1, $2, $3) returning epoch',
        [name, timestamptz(machineNow), timestamptz(leaseUntil)],
      );
      if (!row) throw new Error('The database gave this process no epoch.');
      return row.epoch;
    },
    renew: async (epoch, machineNow, leaseUntil) => {
      const rows = await database.query(
        'update processes set lease_until = $3 where epoch = $1 and lease_until > $2 returning epoch',
        [epoch, timestamptz(machineNow), timestamptz(leaseUntil)],
        'renew_process',
      );
      return rows.length > 0;
    },
    leave: async (epoch, machineNow) => {
      await database.query('update processes set lease_until = $2 where epoch = $1', [epoch, timestamptz(machineNow)]);
      await database.query('update admission set holder = null where holder = $1', [epoch]);
    },
  };
}
