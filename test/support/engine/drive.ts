import type { Command } from '#core/journey/commands.ts';
import { stageOf } from '#core/plan.ts';
import { statusOf } from '#core/work/graph.ts';
import { definitionOf, progressOf } from '#core/work/unit.ts';
import { actorOf, dana, erin, goodSearch, seen } from './fixtures.ts';
import type { Play } from './play.ts';
import { variedRoutes } from './random-commands.ts';

const EPOCH = 9;

/** Does what good agents and good people would, until the journey is in its last stage; throws when that leads nowhere. */
export function driveToTheEnd(play: Play): void {
  for (let round = 0; round < 60; round += 1) {
    if (play.known()?.status === 'active' && play.journey().stage === play.plan.stages.at(-1)?.id) return;
    play.pass(1_000);
    for (const command of nextCommands(play))
      play.attempt(command, { epoch: EPOCH, hasRoom: true, mayAdmit: true, route: variedRoutes });
  }
  const { stage, status, units, approval, verdicts } = play.journey();
  throw new Error(`Stuck in ${stage} (${status}): ${JSON.stringify({ units, approval, verdicts })}`);
}

function nextCommands(play: Play): readonly Command[] {
  const journey = play.known();
  if (!journey || journey.status === 'completed') return [{ type: 'start', inputs: {}, metadata: {}, by: 'olga' }];
  if (journey.status === 'queued') return [{ type: 'admit' }];
  if (journey.status === 'paused') return [{ type: 'resume', reason: 'on we go' }];
  const work = workCommands(play);
  if (work.length > 0) return work;
  const observations = [seen('search_quality', goodSearch, play.now(), { origin: 'collector:drive' })];
  const { approval } = journey;
  const look: readonly Command[] = [{ type: 'evaluate' }, { type: 'record_evidence', observations }];
  if (approval?.status === 'rejected') return [...look, { type: 'request_approval' }];
  return [
    ...look,
    ...[dana, erin].map((by): Command => ({
      type: 'decide_approval',
      approvalId: approval?.id ?? '',
      decision: 'approve',
      reason: null,
      by: actorOf(by),
    })),
  ];
}

function workCommands(play: Play): readonly Command[] {
  const { units, stage } = play.journey();
  return units.flatMap((unit): Command[] => {
    const { workId, owner, status } = unit;
    if (status === 'completed') return [];
    if (status === 'failed') return [{ type: 'retry_tasks', workId }];
    if (owner !== EPOCH) return [{ type: 'take_over', workId, from: owner }];
    const tasks = definitionOf(stageOf(play.plan, stage), unit)?.tasks ?? [];
    return tasks.flatMap((task): Command[] => {
      const { generation, attempt } = progressOf(unit, task.id);
      const of = { workId, taskId: task.id, fence: { generation, attempt } };
      switch (statusOf(task, unit)) {
        case 'waiting_for_input':
          return [{ type: 'provide_input', inputs: { users: ['ann'] } }];
        case 'retry_wait':
        case 'waiting_for_breaker':
          return [{ type: 'begin_attempt', ...of }];
        case 'ready':
        case 'running':
          return [
            {
              type: 'task_result',
              ...of,
              ...(variedRoutes(task.intent) === 'in_process' ? { owner: EPOCH } : {}),
              outcome: { type: 'succeeded', output: { environment_id: 'env', scan_result: { critical: 0, high: 0 } } },
            },
          ];
        default:
          return [];
      }
    });
  });
}
