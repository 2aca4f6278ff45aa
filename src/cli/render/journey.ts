import type { z } from 'zod';
import type { ApprovalView, CriterionView, GoalView, JourneyView, OverrideView, TaskView } from '#application/view.ts';
import type { Paper, Style } from './paper.ts';
import { pairs, table, type Cell } from './table.ts';
import { inLine, span, time } from './values.ts';
import { wrap } from './width.ts';

export type Journey = z.output<typeof JourneyView>;
type Criterion = z.output<typeof CriterionView>;

const marks: Record<Criterion['outcome'], Cell> = {
  passed: { text: '✓', style: 'green' },
  failed: { text: '✗', style: 'red' },
  unknown: { text: '?', style: 'yellow' },
  skipped: { text: '–', style: 'dim' },
};

/** A journey's page: where it stands, its criteria, its work, and its request for approval. */
export function journeyLines(paper: Paper, journey: Journey): readonly string[] {
  return [
    ...wrap(journey.waiting_for, paper.width),
    '',
    ...pairs(paper, headOf(journey)),
    ...section(paper, 'Exit criteria', journey.criteria.length > 0 ? criteriaLines(paper, journey.criteria) : []),
    ...section(paper, 'Goals', goalLines(paper, journey.goals)),
    ...journey.units.flatMap((unit) =>
      section(paper, `${unit.name}: ${unit.status} (${unit.work_id})`, taskLines(paper, unit.tasks)),
    ),
    ...section(paper, 'Not undone by the rollback', journey.not_undone),
    ...(journey.approval ? section(paper, 'Approval', approvalLines(paper, journey.approval)) : []),
    ...(journey.override ? section(paper, 'Override of the shut gate', overrideLines(paper, journey.override)) : []),
  ];
}

function headOf(journey: Journey): readonly (readonly [string, Cell])[] {
  const { status, queue_position, completed_stages, gate } = journey;
  return [
    ['Client', { text: journey.client_id, style: 'bold' }],
    ['Status', queue_position === null ? statusText(journey) : `${status}, number ${queue_position} in the queue`],
    ['Stage', stageText(journey)],
    ...(gate === 'none' ? [] : [['Gate', gateCell(gate)] as const]),
    ...(completed_stages.length > 0 ? [['Completed', completed_stages.join(', ')] as const] : []),
    ['Started', `${time(journey.started_at)} by ${journey.started_by}`],
    ['In stage since', time(journey.stage_started_at)],
    ...(journey.paused_seconds > 0 ? [['Paused for', spanText(journey.paused_seconds)] as const] : []),
    ['Waited for', waitedFor(journey)],
  ];
}

const statusText = ({ status, paused }: Journey): string =>
  paused ? `${status} since ${time(paused.since)}: ${paused.reason}` : status;

/** Coarse on purpose: nobody counts seconds of a pause. */
function spanText(seconds: number): string {
  const [unit, size] = seconds >= 86_400 ? ['d', 86_400] : seconds >= 3_600 ? ['h', 3_600] : ['min', 60];
  return `${Math.round((seconds / size) * 10) / 10} ${unit}`;
}

export const gateCell = (gate: string): Cell => ({ text: gate, style: gate === 'open' ? 'green' : 'yellow' });

export function stageText({ stage_name, stage, day, duration_target_days, duration }: Journey): string {
  const name = stage_name === stage ? stage : `${stage_name} (${stage})`;
  const signal = { on_track: '', at_risk: ', at risk', breached: ', target missed' }[duration ?? 'on_track'];
  return `${name}, day ${day}${duration_target_days === null ? '' : ` of ${duration_target_days}${signal}`}`;
}

/** `us 2 d 3 h, approver 4 h (now)` */
function waitedFor({ time_split: { waiting_on, ...split } }: Journey): string {
  const told = Object.entries(split)
    .filter(([party, seconds]) => seconds >= 1 || party === waiting_on)
    .map(([party, seconds]) => `${party} ${span(seconds)}${party === waiting_on ? ' (now)' : ''}`);
  return told.join(', ') || 'nobody yet';
}

export const section = (paper: Paper, title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', ...wrap(title, paper.width).map((line) => paper.paint('bold', line)), ...lines];

export const criteriaLines = (paper: Paper, criteria: readonly Criterion[]): readonly string[] =>
  table(
    paper,
    ['', 'Criterion', 'Measured', 'Target', 'Detail'],
    criteria.map(({ outcome, name, required, measured, target, message }) => [
      marks[outcome],
      required ? name : `${name} (optional)`,
      inLine(measured),
      inLine(target),
      message,
    ]),
  );

const healthStyles = { on_track: 'green', at_risk: 'red', unknown: 'yellow' } as const;

const goalLines = (paper: Paper, goals: readonly z.output<typeof GoalView>[]): readonly string[] =>
  goals.length === 0
    ? []
    : table(
        paper,
        ['Goal', 'Health', 'Measured', 'Target', 'Window', 'Detail'],
        goals.map(({ name, health, measured, target, window_days, message }) => [
          name,
          { text: health.replaceAll('_', ' '), style: healthStyles[health] },
          inLine(measured),
          inLine(target),
          window_days === null ? '' : `${window_days} d`,
          message,
        ]),
      );

const overrideLines = (paper: Paper, override: z.output<typeof OverrideView>): readonly string[] =>
  pairs(paper, [
    ['Request', override.override_id],
    ['Asked by', `${override.requested_by}, ${time(override.requested_at)}`],
    ['Reason', override.reason],
    ['Missing', override.missing.join(', ')],
    ['Expires', time(override.expires_at)],
    ['May confirm', override.confirmable_by],
    ['Next', `journey-cli confirm-override --override-id=${override.override_id}`],
  ]);

export const taskLines = (paper: Paper, tasks: readonly z.output<typeof TaskView>[]): readonly string[] =>
  table(
    paper,
    ['Task', 'Status', 'Attempt', 'Detail'],
    tasks.map(({ task_id, status, attempt, max_attempts, missing, error, asked }) => [
      task_id,
      statusCell(status),
      `${attempt} of ${max_attempts}`,
      taskDetail(missing, error, asked),
    ]),
  );

export const taskDetail = (
  missing: readonly string[] | undefined,
  error: { readonly message: string } | undefined,
  asked: z.output<typeof TaskView>['asked'] | null,
): string =>
  [
    missing ? `needs ${missing.join(', ')} (provide-input)` : '',
    asked ? `its agent asks: ${asked.text}${asked.answered ? ' (answered)' : ''}` : '',
    error?.message ?? '',
  ]
    .filter((text) => text !== '')
    .join('; ');

const statusStyles: Readonly<Record<string, Style>> = {
  succeeded: 'green',
  completed: 'green',
  failed: 'red',
  waiting_for_input: 'yellow',
  cancelled: 'dim',
  planned: 'dim',
};

export function statusCell(status: string): Cell {
  const style = statusStyles[status];
  const text = status.replaceAll('_', ' ');
  return style ? { text, style } : text;
}

function approvalLines(paper: Paper, approval: z.output<typeof ApprovalView>): readonly string[] {
  const { approval_id, check_id, status, requested_at, expires_at, votes, decided_by, reason } = approval;
  const decided = decided_by === null ? '' : ` by ${decided_by}`;
  return pairs(paper, [
    ['Request', approval_id],
    ['For', check_id],
    ['Status', `${status}${decided}`],
    ...(approval.reminders > 0
      ? [['Reminded', approval.reminders === 1 ? 'once' : `${approval.reminders} times`] as const]
      : []),
    ...(votes.length > 0 ? [['Said yes', votes.join(', ')] as const] : []),
    ...(reason === null ? [] : [['Reason', reason] as const]),
    ['Asked', time(requested_at)],
    ...(status === 'open' ? [['Expires', time(expires_at)] as const] : []),
  ]);
}
