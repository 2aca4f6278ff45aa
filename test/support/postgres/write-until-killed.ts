/** Writes numbers into an embedded database and prints each that was acknowledged. Usage: node write-until-killed.ts <data directory> */
import { openEmbedded } from '#adapters/postgres/embedded.ts';

const [, , dataDir = ''] = process.argv;
const database = await openEmbedded({ dataDir, startedAt: Date.now() });
await database.query('create table if not exists numbers (n int primary key)');
const [last] = await database.query<{ n: number | null }>('select max(n) as n from numbers');
for (let n = (last?.n ?? 0) + 1; ; n += 1) {
  await database.query('insert into numbers (n) values ($1)', [n], 'insert_number');
  process.stdout.write(`${n}\n`);
}
