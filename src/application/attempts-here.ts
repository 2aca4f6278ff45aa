import { isRefusal } from '#core/errors.ts';
import { stageOf } from '#core/plan.ts';
import type { Journey } from '#core/journey/journey.ts';
import { idempotencyKeyOf, resolveInput, tasksInProcess } from '#core/work/graph.ts';
import { definitionOf, progressOf, type Unit } from '#core/work/unit.ts';
import type { AgentGateway, Assignment, Clock, InProcessAgent, Logger, Plans, TaskOutcome } from './ports.ts';
import type { Results } from './results.ts';
import { keyOf } from './task-calls.ts';
import { workerPool } from './worker-pool.ts';

/** The attempts that functions of this process make, of the units that it owns. */
export type AttemptsHere = {
  /** Begins what can begin of a unit of ours. */
  readonly begin: (journey: Journey, unit: Unit) => void;
  /** How many wait for a worker. */
  readonly waiting: () => number;
  /** Takes back what waits for a worker; what runs goes on. */
  readonly withdraw: (prefix: string) => void;
  /** Tells those whose key begins so to stop; nobody wants their results. */
  readonly cancel: (prefix: string) => void;
  readonly endOverdue: () => void;
  readonly stop: () => Promise<void>;
};

export type AttemptsDependencies = {
  readonly plans: Plans;
  readonly gateway: Pick<AgentGateway, 'route'>;
  readonly functions: { readonly [intent: string]: InProcessAgent };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly epoch: () => number;
  readonly poolSize: number;
};

export function attemptsHere(
  { plans, gateway, functions, clock, logger, epoch, poolSize }: AttemptsDependencies,
  results: Results,
): AttemptsHere {
  const pool = workerPool(poolSize, clock);
  /** The epoch under which an attempt runs: where we take our own unit over, it goes on under the new one. */
  const owners = new Map<string, number>();
  const isFunction = (intent: string): boolean => gateway.route(intent) === 'in_process';

  function begin(journey: Journey, unit: Unit): void {
    const plan = plans.get(journey.configHash);
    const stage = stageOf(plan, journey.stage);
    const template = definitionOf(stage, unit);
    if (!stage || !template) return;
    for (const task of tasksInProcess(template, unit, isFunction)) {
      const { generation, attempt } = progressOf(unit, task.id);
      const key = keyOf({ workId: unit.workId, taskId: task.id, generation, attempt });
      owners.set(key, epoch());
      if (pool.has(key)) continue;
      pool.add({
        key,
        run: functions[task.intent],
        timeout_ms: Math.min(plan.taskTimeout_ms, task.max_ms),
        assignment: () => ({
          clientId: journey.clientId,
          workId: unit.workId,
          taskId: task.id,
          intent: task.intent,
          input: resolveInput(plan, stage, task, unit, journey).input,
          generation,
          attempt,
          idempotencyKey: idempotencyKeyOf(unit.workId, task.id, generation),
          agentId: null,
        }),
        ended: (assignment, outcome) => ended(key, assignment, outcome),
      });
    }
  }

  async function ended(key: string, assignment: Assignment, outcome: TaskOutcome): Promise<void> {
    try {
      let owner = owners.get(key);
      while (owner !== undefined && isRefusal(await results.offer(assignment, outcome, owner))) {
        // Our lease may have run out, and we have taken our own unit over meanwhile: then the result counts under the new one.
        const now = owners.get(key);
        owner = now === owner ? undefined : now;
      }
    } catch (error) {
      logger.error('A result could not be recorded.', { client_id: assignment.clientId, error: String(error) });
    } finally {
      owners.delete(key);
    }
  }

  return {
    begin,
    waiting: pool.waiting,
    withdraw: pool.withdraw,
    cancel: (prefix) => {
      pool.cancel(prefix);
      for (const key of owners.keys()) if (key.startsWith(prefix)) owners.delete(key);
    },
    endOverdue: pool.endOverdue,
    stop: pool.stop,
  };
}
