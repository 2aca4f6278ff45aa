import { isRefusal, type Refusal } from '#core/errors.ts';
import { decide } from '#core/journey/decide.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Command } from '#core/journey/commands.ts';
import type { World } from '#core/journey/draft.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Plan } from '#core/plan.ts';
import { progressOf } from '#core/work/unit.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import type { ConfigDocument } from '#settings/document.ts';
import { goodOutputs } from './agents.ts';

export const T0 = Date.UTC(2026, 1, 1, 9);

export type Played = { readonly event: JourneyEvent; readonly at: number };

/** One client's journey played command by command against the pure core, with a clock that the test moves. */
export type Play = {
  readonly plan: Plan;
  readonly clientId: string;
  readonly now: () => number;
  readonly pass: (by_ms: number) => void;
  readonly journey: () => Journey;
  /** Null before the first start. */
  readonly known: () => Journey | null;
  readonly log: readonly Played[];
  /** Decides and keeps what follows; throws on a refusal. */
  readonly do: (command: Command, world?: Partial<World>) => readonly JourneyEvent[];
  /** Decides; throws when it was not refused. */
  readonly refused: (command: Command, world?: Partial<World>) => Refusal;
  /** Decides and keeps what follows, or answers the refusal. */
  readonly attempt: (command: Command, world?: Partial<World>) => readonly JourneyEvent[] | Refusal;
};

export function playOf(document: ConfigDocument, clientId = 'acme'): Play {
  const plan = compilePlan(document);
  const log: Played[] = [];
  let now = T0;
  let journey: Journey | null = null;

  const attempt: Play['attempt'] = (command, world = {}) => {
    const decision = decide({ ...worldAt(plan, now), ...world }, clientId, journey, command);
    if (isRefusal(decision)) return decision;
    journey = decision.events.length > 0 ? decision.journey : journey;
    log.push(...decision.events.map((event) => ({ event, at: now })));
    return decision.events;
  };
  return {
    plan,
    clientId,
    now: () => now,
    pass: (by_ms) => void (now += by_ms),
    known: () => journey,
    journey: () => {
      if (!journey) throw new Error(`${clientId} has not started.`);
      return journey;
    },
    log,
    attempt,
    do: (command, world) => {
      const answer = attempt(command, world);
      if (isRefusal(answer)) throw new Error(`${command.type} was refused: ${answer.refused}: ${answer.message}`);
      return answer;
    },
    refused: (command, world) => {
      const answer = attempt(command, world);
      if (!isRefusal(answer))
        throw new Error(
          `${command.type} was not refused, but gave ${answer.map(({ type }) => type).join(', ') || 'nothing'}.`,
        );
      return answer;
    },
  };
}

export const worldAt = (plan: Plan, now: number): World => ({
  plan,
  active: plan,
  now,
  machineNow: now,
  since: now,
  overtime: () => false,
  epoch: 1,
  hasRoom: true,
  mayAdmit: true,
  route: () => 'in_process',
  isHeldBack: () => false,
  digest: (text) => text,
});

export const start = (inputs: Journey['inputs'] = {}): Command => ({
  type: 'start',
  inputs: { data_sources: ['jira', 'slack'], ...inputs },
  metadata: {},
  by: 'olga',
});

export const folded = (log: readonly Played[], clientId: string): Journey | null =>
  log.reduce<Journey | null>((journey, { event, at }) => evolve(journey, event, clientId, at), null);

/** The task of the present stage's only unit, as a command names it. */
export function taskOf({ journey }: Play, taskId: string) {
  const unit = journey().units[0];
  if (!unit) throw new Error(`The stage ${journey().stage} has no unit of work.`);
  const { generation, attempt } = progressOf(unit, taskId);
  return { workId: unit.workId, taskId, fence: { generation, attempt } };
}

/** The task succeeds with what the agent of the real config would say, or with `output`. */
export function succeed(play: Play, taskId: string, output?: Journey['inputs']): readonly JourneyEvent[] {
  const task = play.plan.stages
    .flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks))
    .find(({ id }) => id === taskId);
  const said = output ?? goodOutputs[task?.intent ?? '']?.({ connectors: ['jira', 'slack'], users: ['ann'] }) ?? {};
  return play.do({
    type: 'task_result',
    ...taskOf(play, taskId),
    owner: 1,
    outcome: { type: 'succeeded', output: said },
  });
}

export const failed = (play: Play, taskId: string, retryable = true, message = 'no'): readonly JourneyEvent[] =>
  play.do({
    type: 'task_result',
    ...taskOf(play, taskId),
    owner: 1,
    outcome: { type: 'failed', code: 'task.failed', message, retryable },
  });

/** The real sandbox's four tasks, one after the other. */
export function doSandboxWork(play: Play): void {
  for (const task of ['provision_infra', 'install_connectors', 'provision_test_data', 'run_security_scan']) {
    succeed(play, task);
    play.pass(1_000);
  }
}
