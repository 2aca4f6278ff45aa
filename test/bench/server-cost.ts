import { readdirSync, readFileSync } from 'node:fs';
import type { Sql } from 'postgres';

/** The server's CPU seconds (all its processes) and its position in the write-ahead log. */
export async function serverCost(admin: Sql): Promise<{ cpu_s: number; wal_bytes: number }> {
  const [row] =
    await admin`select (pg_current_wal_lsn() - '0/0')::float8 as wal, current_setting('data_directory') as dir`;
  const postmaster = Number(readFileSync(`${row?.['dir']}/postmaster.pid`, 'utf8').split('\n')[0]);
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(entry);
    if (!stat) continue;
    // utime, stime of the process; of children that have ended too, for the postmaster alone.
    if (Number(entry) === postmaster) ticks += stat(11) + stat(12) + stat(13) + stat(14);
    else if (stat(1) === postmaster) ticks += stat(11) + stat(12);
  }
  return { cpu_s: ticks / 100, wal_bytes: Number(row?.['wal']) };
}

function statOf(pid: string): ((field: number) => number) | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (field) => Number(fields[field]);
  } catch {
    return undefined;
  }
}
