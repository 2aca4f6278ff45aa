import type { View } from './api-client.ts';
import { figure } from './figures.ts';
import { fitted, packed, plain, styled, type Line, type Span } from './spans.ts';

export type Watched = {
  readonly clientId: string;
  readonly view: View | null;
  /** Of the whole stage: 0 at its entry, 1 at its target. */
  readonly progress: number;
  readonly rolledBack: string | null;
};

const BAR = 15;
const taskMarks: Readonly<Record<string, Span>> = {
  succeeded: styled('green', '✓'),
  running: styled('cyan', '▶'),
  ready: styled('cyan', '▶'),
  retry_wait: styled('yellow', '↻'),
  waiting_for_input: styled('yellow', '?'),
  failed: styled('red', '✗'),
  cancelled: styled('dim', '–'),
};
const marks = {
  passed: styled('green', '✓'),
  failed: styled('red', '✗'),
  unknown: styled('yellow', '?'),
  skipped: styled('dim', '–'),
} as const;

/** Both clients at a glance, in lines that fit the width. */
export function panel(title: string, watched: readonly Watched[], width: number): readonly Line[] {
  const rule: Line = [styled('dim', '─'.repeat(width))];
  const sections = watched.flatMap((one) => [rule, ...section(one, width)]);
  return [[styled('dim', title)], ...sections, rule].map((line) => fitted(line, width));
}

function section({ clientId, view, progress, rolledBack }: Watched, width: number): readonly Line[] {
  const name = styled('bold', clientId.padEnd(11));
  if (!view) return [[name, styled('dim', 'not started yet')]];
  const entered = view.completed_stages.length > 0 ? `after ${view.completed_stages.join(' and ')}` : '';
  const target = view.duration_target_days;
  const day = target === null ? `day ${view.day}` : `day ${String(view.day).padStart(2)} of ${target}`;
  const bar = target === null ? [] : [plain('  '), ...progressBar(progress)];
  const head: Line = [
    name,
    styled(view.stage === 'production' ? ['green', 'bold'] : 'bold', view.stage_name.padEnd(11)),
    plain(day),
    ...bar,
    plain('  '),
    rolledBack === null ? styled('dim', entered) : styled('red', 'rolled back once'),
  ];
  return [head, ...work(view, width), ...criteria(view), ...why(view, rolledBack)];
}

function progressBar(progress: number): readonly Span[] {
  const full = Math.max(0, Math.min(BAR, Math.floor(progress * BAR)));
  return [styled('cyan', '■'.repeat(full)), styled('dim', '□'.repeat(BAR - full))];
}

function work({ units }: View, width: number): readonly Line[] {
  const tasks = units.flatMap((unit) => unit.tasks);
  if (tasks.length === 0) return [];
  // Mark and name stay together: a span is what packing may not tear apart.
  const items = tasks.map(({ task_id, status, attempt }) => {
    const mark = taskMarks[status] ?? styled('dim', '·');
    const again = attempt > 1 && status !== 'succeeded' ? ` (attempt ${attempt})` : '';
    return { ...mark, text: `${mark.text} ${task_id}${again}` };
  });
  return packed(plain('  tasks  '), items, width);
}

const criteria = (view: View): readonly Line[] =>
  view.criteria.map(({ outcome, name, measured, target, distance }) => [
    plain('  '),
    marks[outcome],
    plain(` ${name.padEnd(25)} ${figure(measured).padEnd(28)} `),
    styled('dim', `target ${figure(target)}`),
    ...(distance === undefined ? [] : [styled('yellow', `  needs ${distance}`)]),
  ]);

const why = ({ waiting_for, gate }: View, rolledBack: string | null): readonly Line[] => [
  ...(rolledBack === null ? [] : [[styled('red', `  why: ${rolledBack}`)]]),
  ...(gate === 'none' ? [[styled('dim', `  waits for: ${waiting_for}`)]] : []),
];
