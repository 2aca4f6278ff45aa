import { join } from 'node:path';
import { DAY, SECOND } from '#core/time.ts';
import { acceleratedClock, systemClock, type AcceleratedClock } from '#adapters/clock.ts';
import { agentNames, startAgent, type RunningAgent } from './agents.ts';
import { apiClient, type ApiClient } from './api-client.ts';
import { clients } from './clients.ts';
import { summary } from './farewell.ts';
import { openPipe, openTerminal, type Keyboard } from './keyboard.ts';
import { openLogFile } from './log.ts';
import type { DemoOptions } from './options.ts';
import { startOrchestrator } from './orchestrator.ts';
import type { Screen } from './screen.ts';
import { openDemoSlack } from './slack.ts';
import { plain, styled } from './spans.ts';
import type { Stopping } from './stopping.ts';
import { tellStory } from './story.ts';

/** The journey's calendar begins that long ago, so that what the demo leaves behind does not lie in the future. */
const BEGINS_DAYS_AGO = 21;

/** Everything that runs while the story is told; it has ended when this returns, however it returns. */
export async function tellOnEngine(
  options: DemoOptions,
  dataDir: string,
  screen: Screen,
  stopping: Stopping,
): Promise<void> {
  const { signal, fail } = stopping;
  await using ending = new AsyncDisposableStack();
  const logger = openLogFile(join(dataDir, 'demo.log'), (message) => screen.say([styled('red', message)]));
  ending.defer(logger.close);
  const keyboard = options.once ? null : openKeyboard(stopping);
  if (keyboard) ending.defer(() => Promise.resolve(keyboard.close()));

  const agents: RunningAgent[] = [];
  for (const name of agentNames) {
    // A first attempt that fails shows that a retry is nobody's work.
    const failFirst = name === 'provisioning-agent' ? { failFirst: 'run_security_scan' } : {};
    const agent = await startAgent(name, { work_ms: options.work_ms, ...failFirst, lost: fail });
    ending.defer(agent.stop);
    agents.push(agent);
    screen.say([plain(`A2A agent       ${agent.url}  ${name}, pid ${agent.pid}`)]);
    signal.throwIfAborted();
  }
  screen.say([styled('dim', 'Making an embedded database and starting the orchestrator on it: some seconds.')]);
  const clock = journeyClock(options);
  const slack = options.slack ? await openDemoSlack(clock) : null;
  if (slack) ending.defer(slack.close);
  const { url, tokens, stop } = await startOrchestrator({
    dataDir,
    agents,
    clock,
    logger,
    slack: slack?.variables ?? {},
  });
  ending.defer(stop);
  signal.throwIfAborted();
  screen.say([plain(`Orchestrator    ${url}  embedded database, a journey day takes ${options.day_ms / SECOND} s`)]);

  const operator = apiClient(url, tokens.operator, signal);
  const approver = apiClient(url, tokens.approver, signal);
  await askAgents(operator, screen);
  if (slack) await slack.begin({ url, operator, screen });
  const title = () =>
    `${new Date(clock.journey()).toISOString().slice(0, 13).replace('T', ' ')} h journey time  ${url}`;
  const story = { operator, approver, clock, screen, keyboard, slack, title, tick_ms: options.tick_ms, signal };
  summary(screen, await tellStory(story, clients));
}

function journeyClock({ day_ms }: DemoOptions): AcceleratedClock {
  const machine = systemClock();
  return acceleratedClock({
    factor: DAY / day_ms,
    startAt: machine.machine() - BEGINS_DAYS_AGO * DAY,
    machine,
  });
}

const openKeyboard = (stopping: Stopping): Keyboard =>
  process.stdin.isTTY
    ? openTerminal(process.stdin, process.stdout, stopping)
    : openPipe(process.stdin, process.stdout, stopping);

async function askAgents(operator: ApiClient, screen: Screen): Promise<void> {
  const { agents } = await operator.get<{ agents: { agent_id: string; problem: string | null }[] }>('/api/v1/agents');
  const silent = agents.flatMap(({ agent_id, problem }) => (problem === null ? [] : [`${agent_id} (${problem})`]));
  if (silent.length > 0) throw new Error(`Not every agent answers: ${silent.join(', ')}.`);
  screen.say([
    styled('dim', `${agents.length} agents answer; together they offer the seven intents of the templates.`),
  ]);
}
