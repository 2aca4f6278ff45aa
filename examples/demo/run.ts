import { join } from 'node:path';
import { DAY, SECOND } from '#core/time.ts';
import { acceleratedClock, systemClock, type AcceleratedClock } from '#adapters/clock.ts';
import { agentNames, startAgent, type RunningAgent } from './agents.ts';
import { apiClient } from './api-client.ts';
import { checkDataDirectory } from './check.ts';
import { clients } from './clients.ts';
import { openFolder } from './folder.ts';
import { openPipe, openTerminal, type Keyboard } from './keyboard.ts';
import { openLogFile } from './log.ts';
import type { DemoOptions } from './options.ts';
import { startOrchestrator } from './orchestrator.ts';
import { liveScreen, plainScreen, type Screen } from './screen.ts';
import { plain, styled } from './spans.ts';
import { tellStory } from './story.ts';
import { farewell, summary } from './farewell.ts';

/** The journey's calendar begins that long ago, so that what the demo leaves behind does not lie in the future. */
const BEGINS_DAYS_AGO = 21;
const INTERRUPTED = 130;
const CLEAN_UP_WITHIN_MS = 15 * SECOND;

/** Runs the demo to its end; the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { stdin, stdout } = process;
  const stopping = new AbortController();
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) process.exit(INTERRUPTED);
    interrupted = true;
    stopping.abort(new Error('Interrupted.'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  const late = options.deadline_ms === null ? undefined : deadline(options.deadline_ms, stopping);
  const live = stdout.isTTY && !options.once;
  const screen = live ? liveScreen(stdout) : plainScreen(stdout);
  try {
    await play(options, screen, stopping, interrupt);
    return 0;
  } catch (error) {
    screen.rest();
    const reason: unknown = stopping.signal.aborted ? stopping.signal.reason : error;
    const said = reason instanceof Error ? reason : new Error(String(reason));
    console.error(interrupted ? 'Interrupted: everything is ended.' : `The demo failed: ${said.message}`);
    if (!interrupted && said.cause) console.error(said.cause);
    return interrupted ? INTERRUPTED : 1;
  } finally {
    clearTimeout(late);
    screen.close();
    if (stdin.isTTY) stdin.setRawMode(false);
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** Ends the story in time, and the process where even its clean-up hangs. */
function deadline(deadline_ms: number, stopping: AbortController): NodeJS.Timeout {
  const hard = setTimeout(() => process.exit(1), deadline_ms + CLEAN_UP_WITHIN_MS);
  hard.unref();
  return setTimeout(() => stopping.abort(new Error(`Not done after ${deadline_ms / SECOND} s.`)), deadline_ms);
}

async function play(
  options: DemoOptions,
  screen: Screen,
  stopping: AbortController,
  interrupt: () => void,
): Promise<void> {
  const { signal } = stopping;
  const folder = await openFolder(options.dataDir);
  let failed = true;
  try {
    const machine = systemClock();
    const clock = acceleratedClock({
      factor: DAY / options.day_ms,
      startAt: machine.machine() - BEGINS_DAYS_AGO * DAY,
      machine,
    });
    screen.say([styled('bold', 'The Client Journey Orchestration Engine: two clients, two agents, one approval.')]);
    screen.say([
      plain(`Data directory  ${folder.path}${options.keep ? '' : ' (removed at the end; --keep keeps it)'}`),
    ]);
    await withEngine(options, { dataDir: folder.path, clock, screen, stopping, interrupt });
    signal.throwIfAborted();
    await verify(folder.path, screen, machine.machine());
    failed = false;
    farewell(screen, options.keep ? folder.path : null);
  } finally {
    // After a failure it stays, for a look at what went wrong.
    const interrupted = signal.aborted;
    if (!options.keep && (!failed || interrupted)) await folder.remove();
    else if (failed) console.error(`Its data directory and log are kept: ${folder.path}`);
  }
}

type Stage = {
  readonly dataDir: string;
  readonly clock: AcceleratedClock;
  readonly screen: Screen;
  readonly stopping: AbortController;
  readonly interrupt: () => void;
};

/** Everything that runs while the story is told; it has ended when this returns, however it returns. */
async function withEngine(options: DemoOptions, stage: Stage): Promise<void> {
  const { dataDir, clock, screen, stopping, interrupt } = stage;
  const { signal } = stopping;
  await using ending = new AsyncDisposableStack();
  const logger = openLogFile(join(dataDir, 'demo.log'), (message) => screen.say([styled('red', message)]));
  ending.defer(logger.close);
  const lost = (reason: string): void => stopping.abort(new Error(reason));
  const agents: RunningAgent[] = [];
  for (const name of agentNames) {
    const failFirst = name === 'provisioning-agent' ? { failFirst: 'run_security_scan' } : {};
    const agent = await startAgent(name, { work_ms: options.work_ms, ...failFirst, lost });
    ending.defer(agent.stop);
    agents.push(agent);
    screen.say([plain(`A2A agent       ${agent.url}  ${name}, pid ${agent.pid}`)]);
  }
  screen.say([styled('dim', 'Making an embedded database and starting the orchestrator on it: some seconds.')]);
  const engine = await startOrchestrator({ dataDir, agents, clock, logger });
  ending.defer(engine.stop);
  screen.say([
    plain(`Orchestrator    ${engine.url}  embedded database, a journey day takes ${options.day_ms / SECOND} s`),
  ]);
  signal.throwIfAborted();

  const operator = apiClient(engine.url, engine.tokens.operator, signal);
  const approver = apiClient(engine.url, engine.tokens.approver, signal);
  await askAgents(operator, screen);
  const keyboard = options.once ? null : openKeyboard(interrupt);
  if (keyboard) ending.defer(() => Promise.resolve(keyboard.close()));
  const title = () =>
    `${new Date(clock.journey()).toISOString().slice(0, 13).replace('T', ' ')} h journey time  ${engine.url}`;
  const story = { operator, approver, clock, screen, keyboard, title, tick_ms: options.tick_ms, signal };
  summary(screen, await tellStory(story, clients));
}

const openKeyboard = (interrupt: () => void): Keyboard =>
  process.stdin.isTTY
    ? openTerminal(process.stdin, process.stdout, interrupt)
    : openPipe(process.stdin, process.stdout);

async function askAgents(operator: ReturnType<typeof apiClient>, screen: Screen): Promise<void> {
  const { agents, healthy } = await operator.get<{
    agents: { agent_id: string; problem: string | null }[];
    healthy: number;
  }>('/api/v1/agents');
  if (healthy < agents.length || healthy === 0)
    throw new Error(
      `Not every agent answers: ${agents.map(({ agent_id, problem }) => `${agent_id} ${problem ?? 'ok'}`).join(', ')}`,
    );
  screen.say([styled('dim', `Both agents answer; together they offer the seven intents of the templates.`)]);
}

async function verify(dataDir: string, screen: Screen, now: number): Promise<void> {
  screen.say([]);
  screen.say([styled('bold', 'Everything is stopped; the data directory is opened once more and checked:')]);
  const checks = await checkDataDirectory(dataDir, { promoted: 'northwind', rolledBack: 'globex' }, now);
  for (const { claim, holds, found } of checks)
    screen.say(
      holds ? [styled('green', '✓ '), plain(claim)] : [styled('red', '✗ '), plain(`${claim}: found ${found}`)],
    );
  const broken = checks.filter(({ holds }) => !holds).length;
  if (broken > 0) throw new Error(`${broken} of ${checks.length} checks do not hold.`);
}
