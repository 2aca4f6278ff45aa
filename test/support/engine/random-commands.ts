import * as fc from 'fast-check';
import type { Command, TaskResult } from '#core/journey/commands.ts';
import type { World } from '#core/journey/draft.ts';
import type { Journey } from '#core/journey/journey.ts';
import { stageOf, type Plan, type TaskPlan } from '#core/plan.ts';
import { statusOf } from '#core/work/graph.ts';
import { definitionOf, progressOf, type TaskProgress, type Unit } from '#core/work/unit.ts';
import {
  actorOf,
  dana,
  demoApproval,
  erin,
  goodSearch,
  olga,
  robot,
  searchCollapse,
  searchQuality,
  seen,
  smallDocument,
} from './fixtures.ts';

/** A document with something of everything: branches, retries, a missing input, evidence from a task, an approval. */
export const variedDocument = smallDocument(
  [
    {
      id: 'sandbox',
      days: 1.2,
      tasks: [
        { id: 'build', output: { environment_id: { type: 'string' } }, retries: 1, backoff: 'none' },
        { id: 'connect', after: ['build'], input: { environment_id: { type: 'string', required: true } }, retries: 0 },
        { id: 'scan', after: ['build'], retries: 2, intent: 'run_security_scan' },
        { id: 'report', after: ['connect', 'scan'], output: { environment_id: { type: 'string' } } },
      ],
      criteria: [searchQuality()],
    },
    {
      id: 'pilot',
      days: 3,
      calendar: 'business',
      tasks: [
        { id: 'deploy', compensate: 'take_down', input: { users: { type: 'array', required: true } } },
        { id: 'watch', after: ['deploy'], retries: 1 },
      ],
      rollback: [searchCollapse({ consecutive: 2 })],
      goals: [{ metric: 'user_adoption', target: 0.7, window_days: 30 }],
      criteria: [
        searchQuality(0.8, { consecutive: 2 }),
        {
          check_id: 'scan',
          name: 'Scan',
          validator: 'SecurityScanValidator',
          parameters: { max_critical: 0, max_high: 5 },
          required: false,
        },
        demoApproval({ min_approvals: 2, expires_after_days: 2, remind_after_hours: 0.01, max_reminders: 1 }),
      ],
    },
    { id: 'trial' },
    {
      id: 'production',
      goals: [{ metric: 'user_adoption', target: 0.7, window_days: 30 }],
      rollback: [searchCollapse({ for_hours: 12 })],
    },
  ],
  { evidence: { run_security_scan: 'security_scan' } },
);

/** What each task leaves the process for: stable, as a configuration is. */
export const variedRoutes = (intent: string): 'in_process' | 'a2a' | 'pull' =>
  intent === 'do_connect' || intent === 'do_watch' ? 'a2a' : intent === 'do_deploy' ? 'pull' : 'in_process';

/** One step of a random history: numbers, so that it shrinks; what they mean follows from the journey at that time. */
export type Step = {
  readonly kind: (typeof kinds)[number];
  readonly pick: number;
  readonly pass_ms: number;
  readonly epoch: number;
  readonly hasRoom: boolean;
  readonly mayAdmit: boolean;
  /** What comes too late: the passing of a gate or a rollback, or the judging. */
  readonly late: 'waited' | 'judging' | null;
};

const kinds = [
  'start',
  'admit',
  'evaluate',
  'judge',
  'promote',
  'roll_back',
  'complete',
  'provide_input',
  'succeed',
  'bad_output',
  'fail',
  'begin_attempt',
  'claim',
  'interrupt',
  'continue',
  'answer',
  'stale_result',
  'take_over',
  'retry_tasks',
  'good_evidence',
  'bad_evidence',
  'request_approval',
  'approve',
  'reject',
  'pause',
  'resume',
  'request_override',
  'confirm_override',
  'adoption',
  'collapse',
  'give_up_delivery',
] as const;

const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant('succeed' as const) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'good_evidence' as const,
      'approve' as const,
      'approve' as const,
      'provide_input' as const,
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'begin_attempt' as const,
      'retry_tasks' as const,
      'start' as const,
      'resume' as const,
      'confirm_override' as const,
      'claim' as const,
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('collapse' as const, 'adoption' as const, 'resume' as const) },
  { weight: 6, arbitrary: fc.constantFrom(...kinds) },
);

const step: fc.Arbitrary<Step> = fc.record({
  kind,
  pick: fc.nat(5),
  pass_ms: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(86_400_000, 3 * 86_400_000) },
  ),
  epoch: fc.integer({ min: 1, max: 2 }),
  hasRoom: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  mayAdmit: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  late: fc.integer({ min: 0, max: 7 }).map((n) => (n === 0 ? 'waited' : n === 1 ? 'judging' : null)),
});

/** Begins with a start: whatever comes before one is refused. */
export const history = (maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc
    .array(step, { minLength: 5, maxLength, size: 'max' })
    .map((steps) => [
      { kind: 'start', pick: 0, pass_ms: 0, epoch: 1, hasRoom: true, mayAdmit: true, late: null },
      ...steps,
    ]);

export const worldOf = ({ epoch, hasRoom, mayAdmit }: Step): Partial<World> => ({
  epoch,
  hasRoom,
  mayAdmit,
  route: variedRoutes,
  // One step in four finds the breakers open.
  isHeldBack: () => !mayAdmit,
});

/** As worldOf, and some of it too late. */
export const lateWorldOf = (one: Step, machineNow: number): Partial<World> => ({
  ...worldOf(one),
  since: one.late === 'waited' ? machineNow - 3_600_000 : machineNow,
  overtime: () => one.late === 'judging',
});

export function commandFor(
  { kind: what, pick, epoch }: Step,
  plan: Plan,
  journey: Journey | null,
  now: number,
): Command {
  const unit = journey?.units.at(pick % 2 === 0 ? 0 : -1);
  switch (what) {
    case 'start':
      return {
        type: 'start',
        inputs: { data_sources: ['jira'], extra: { b: 1, a: [pick, null, 'é'] } },
        metadata: { n: pick },
        by: olga.id,
      };
    case 'promote':
    case 'complete':
    case 'pause':
    case 'resume':
      return { type: what, reason: 'because' };
    case 'request_override':
      return { type: what, reason: 'it is late', by: actorOf(pick === 0 ? robot : olga) };
    case 'confirm_override': {
      const by = actorOf([olga, dana, erin, robot, dana, erin][pick] ?? dana);
      return { type: what, overrideId: journey?.override?.id ?? 'ovr-none:1:1', by };
    }
    case 'give_up_delivery':
      return {
        type: what,
        deliveryId: `dlv-random:crm:${pick}`,
        destination: 'crm',
        messageType: 'journey.started',
        problem: 'It answered HTTP 500.',
      };
    case 'collapse':
      return { type: 'record_evidence', observations: [collapse(now)] };
    case 'adoption':
      return { type: 'record_evidence', observations: [seen('user_adoption', { rate: pick / 5 }, now)] };
    case 'roll_back':
      return {
        type: what,
        toStage: [undefined, 'sandbox', 'pilot', 'nowhere', 'trial', undefined][pick],
        reason: 'back',
      };
    case 'provide_input':
      return { type: what, inputs: pick === 0 ? { users: 'ann' } : { users: ['ann', String(pick)] } };
    case 'succeed':
    case 'bad_output':
    case 'fail':
    case 'stale_result':
      return resultOf(what, pick, plan, journey, epoch);
    case 'begin_attempt': {
      const id = tasksOf(plan, journey, unit).find((task) => unit && waits(progressOf(unit, task.id)))?.id ?? 'build';
      const probe = pick === 5 ? { probe: true } : {};
      return { type: what, workId: unit?.workId ?? 'none', taskId: id, fence: fenceOf(unit, id), ...probe };
    }
    case 'claim': {
      const pulled = tasksOf(plan, journey, unit).filter(({ intent }) => variedRoutes(intent) === 'pull');
      const taskId = pulled[0]?.id ?? 'build';
      const by = pick % 2 ? 'worker' : 'other';
      return { type: 'claim_task', workId: unit?.workId ?? 'none', taskId, fence: fenceOf(unit, taskId), by };
    }
    case 'interrupt':
    case 'continue':
    case 'answer':
      return aboutAgent(what, pick, tasksOf(plan, journey, unit), unit);
    case 'take_over':
      return { type: what, workId: unit?.workId ?? 'none', from: pick === 0 ? 77 : (unit?.owner ?? null) };
    case 'retry_tasks':
      return { type: what, workId: unit?.workId ?? 'none' };
    case 'good_evidence':
    case 'bad_evidence':
      return { type: 'record_evidence', observations: [evidence(what, pick, now)] };
    case 'approve':
    case 'reject': {
      const by = actorOf([dana, erin, dana, erin, robot, olga][pick] ?? dana);
      const decision = { decision: what, reason: what === 'reject' ? 'not yet' : null, by } as const;
      return { type: 'decide_approval', approvalId: journey?.approval?.id ?? 'apr-none:1:1', ...decision };
    }
    default:
      return { type: what };
  }
}

/** Search is as good as gone, says who measures it. */
export const collapse = (now: number) =>
  seen('search_quality', { ...goodSearch, precision: 0.1 }, now, { origin: 'collector:glean' });

function evidence(what: 'good_evidence' | 'bad_evidence', pick: number, now: number) {
  const value = what === 'good_evidence' ? goodSearch : { ...goodSearch, precision: 0.1 * pick };
  const origin =
    pick === 5 ? 'collector:glean' : pick === 4 ? 'token:stranger' : `operator:${pick % 2 ? 'olga' : 'otto'}`;
  return seen('search_quality', value, now - (pick % 3) * 1_000, { origin });
}

const tasksOf = (plan: Plan, journey: Journey | null, unit: Unit | undefined): readonly TaskPlan[] =>
  (journey && unit && definitionOf(stageOf(plan, journey.stage), unit)?.tasks) ?? [];

const waits = ({ status }: TaskProgress): boolean => status === 'retry_wait' || status === 'waiting_for_breaker';

function fenceOf(unit: Unit | undefined, taskId: string) {
  if (!unit) return { generation: 1, attempt: 1 };
  const { generation, attempt } = progressOf(unit, taskId);
  return { generation, attempt };
}

/** An agent asks for something, is answered, or goes on; mostly one that has a task. */
function aboutAgent(
  what: 'interrupt' | 'continue' | 'answer',
  pick: number,
  tasks: readonly TaskPlan[],
  unit: Unit | undefined,
): Command {
  const taskId = tasks.find(({ intent }) => variedRoutes(intent) === 'a2a')?.id ?? 'build';
  const of = { workId: unit?.workId ?? 'none', taskId };
  if (what === 'answer') return { type: 'answer_task', ...of, answer: { region: pick } };
  const fence = fenceOf(unit, taskId);
  if (what === 'continue') return { type: 'continue_task', ...of, fence };
  const needs = pick === 0 ? 'authorization' : 'input';
  return { type: 'interrupt_task', ...of, fence, question: { id: `q${pick % 3}`, needs, text: 'which region?' } };
}

function resultOf(
  what: 'succeed' | 'bad_output' | 'fail' | 'stale_result',
  pick: number,
  plan: Plan,
  journey: Journey | null,
  epoch: number,
): TaskResult {
  const unit = journey?.units[0];
  const tasks = tasksOf(plan, journey, unit);
  const awaited = tasks.filter((task) => unit && ['running', 'ready'].includes(statusOf(task, unit)));
  const task = (awaited.length > 0 && what !== 'stale_result' ? awaited : tasks)[pick % Math.max(1, awaited.length)];
  const fence = fenceOf(unit, task?.id ?? '');
  const claimed = task && unit && progressOf(unit, task.id).claimedBy !== undefined;
  const inProcess = task && variedRoutes(task.intent) === 'in_process';
  const output = { environment_id: `env-${pick}`, scan_result: { critical: 0, high: pick } };
  return {
    type: 'task_result',
    workId: unit?.workId ?? 'none',
    taskId: task?.id ?? 'none',
    fence: what === 'stale_result' ? { ...fence, attempt: fence.attempt + (pick % 2 ? 1 : -1) } : fence,
    ...(claimed ? { claimant: pick % 2 ? 'worker' : 'other' } : {}),
    ...(inProcess ? { owner: pick === 0 ? epoch : (unit?.owner ?? epoch) } : {}),
    outcome:
      what === 'fail'
        ? { type: 'failed', code: 'task.failed', message: 'no', retryable: pick > 0 }
        : { type: 'succeeded', output: what === 'bad_output' ? { environment_id: 7 } : output },
  };
}
