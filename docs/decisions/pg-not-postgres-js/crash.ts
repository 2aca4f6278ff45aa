/**
 * What pg and postgres.js make of a backend that is killed inside a transaction whose next statement comes after the
 * connection was seen to close. Each runs in a process of its own, which should tell of the error and end with 0. Usage: node crash.ts "$DATABASE_URL" (the superuser of a throw-away server)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Client, Pool } from 'pg';
import postgres from 'postgres';

const [, , url, library] = process.argv;
if (url === undefined) throw new Error('Usage: node crash.ts "$DATABASE_URL"');

async function kill(pid: unknown): Promise<void> {
  const admin = new Client(url);
  await admin.connect();
  await admin.query('select pg_terminate_backend($1, 5000)', [pid]);
  await admin.end();
}

const tell = (error: unknown): void => console.log(`  told: ${error instanceof Error ? error.message : String(error)}`);

async function withPg(): Promise<void> {
  const pool = new Pool({ connectionString: url });
  pool.on('error', tell);
  const client = await pool.connect();
  client.on('error', tell);
  const { promise: closed, resolve: onclose } = Promise.withResolvers<void>();
  client.on('end', onclose);
  try {
    await client.query('begin');
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await kill(rows[0]?.pid);
    await closed;
    await client.query('select 1');
  } catch (error) {
    tell(error);
  }
  client.release(true);
  const { rows } = await pool.query('select 1 as one');
  console.log(`  after that: ${JSON.stringify(rows)}`);
  await pool.end();
}

async function withPostgresJs(): Promise<void> {
  const { promise: closed, resolve: onclose } = Promise.withResolvers<void>();
  const { promise: worked, resolve: stopped } = Promise.withResolvers<void>();
  const sql = postgres(url ?? '', { onclose: () => onclose() });
  await sql
    .begin(async (transaction) => {
      const [row] = await transaction`select pg_backend_pid() as pid`;
      await kill(row?.['pid']);
      await closed;
      await transaction`select 1`.catch(tell);
      stopped();
    })
    .catch(tell);
  // `begin` rejects as soon as the connection closes, while the work inside it still goes on.
  await worked;
  console.log(`  after that: ${JSON.stringify(await sql`select 1 as one`)}`);
  await sql.end();
}

async function inItsOwnProcess(name: string): Promise<void> {
  console.log(name);
  const child = spawn(process.execPath, [import.meta.filename, url ?? '', name], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  console.log(code === 0 ? '  survived' : `  ended with exit code ${String(code)}`);
}

if (library === 'pg') await withPg();
else if (library === 'postgres.js') await withPostgresJs();
else {
  await inItsOwnProcess('pg');
  await inItsOwnProcess('postgres.js');
}
