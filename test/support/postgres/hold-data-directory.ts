/** A process that takes a data directory and holds it until it is killed. Usage: node hold-data-directory.ts <directory> */
import { lockDataDirectory } from '#adapters/postgres/data-dir-lock.ts';

const [, , directory = ''] = process.argv;
try {
  await lockDataDirectory(directory, Date.now());
  process.stdout.write('held\n');
  // Reading keeps the process alive, and ends it with whoever started it.
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`refused: ${String(error)}\n`);
}
