import { systemClock } from '#adapters/clock.ts';
import { checkDataDirectory } from './check.ts';
import { tellOnEngine } from './engine.ts';
import { farewell } from './farewell.ts';
import { openFolder } from './folder.ts';
import type { DemoOptions } from './options.ts';
import { liveScreen, plainScreen, type Screen } from './screen.ts';
import { plain, styled } from './spans.ts';
import { INTERRUPTED, openStopping, type Stopping } from './stopping.ts';

/** Runs the demo to its end; the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { stdout } = process;
  const stopping = openStopping(options.deadline_ms);
  const screen = stdout.isTTY && !options.once ? liveScreen(stdout) : plainScreen(stdout);
  try {
    await play(options, screen, stopping);
    return 0;
  } catch (error) {
    screen.rest();
    if (stopping.interrupted()) {
      console.error('Interrupted: everything is ended.');
      return INTERRUPTED;
    }
    const reason: unknown = stopping.signal.aborted ? stopping.signal.reason : error;
    console.error(`The demo failed: ${reason instanceof Error ? reason.message : String(reason)}`);
    if (reason instanceof Error && reason.cause instanceof Error) console.error(`Since: ${reason.cause.message}`);
    return 1;
  } finally {
    screen.close();
    stopping.close();
  }
}

async function play(options: DemoOptions, screen: Screen, stopping: Stopping): Promise<void> {
  const { path, remove } = await openFolder(options.dataDir);
  let succeeded = false;
  try {
    const fate = options.keep ? 'kept' : 'removed at the end; --keep keeps it';
    screen.say([styled('bold', 'The Client Journey Orchestration Engine: two clients, two agents, one approval.')]);
    screen.say([plain(`Data directory  ${path} (${fate})`)]);
    await tellOnEngine(options, path, screen, stopping);
    stopping.signal.throwIfAborted();
    await verify(path, screen);
    succeeded = true;
    farewell(screen, options.keep ? path : null);
  } finally {
    // After a failure it stays, for a look at what went wrong.
    if (!options.keep && (succeeded || stopping.interrupted())) await remove();
    else if (!succeeded) console.error(`Its data directory and log are kept: ${path}`);
  }
}

async function verify(dataDir: string, screen: Screen): Promise<void> {
  screen.say([]);
  screen.say([styled('bold', 'Everything is stopped; the data directory is opened once more and checked:')]);
  const expected = { promoted: 'northwind', rolledBack: 'globex' };
  const checks = await checkDataDirectory(dataDir, expected, systemClock().machine());
  for (const { claim, holds, found } of checks)
    screen.say(
      holds ? [styled('green', '✓ '), plain(claim)] : [styled('red', '✗ '), plain(`${claim}: found ${found}`)],
    );
  const broken = checks.filter(({ holds }) => !holds).length;
  if (broken > 0) throw new Error(`${broken} of ${checks.length} checks do not hold.`);
}
