import { stageText, type Journey } from './journey.ts';
import type { Paper, Style } from './paper.ts';
import { pairs } from './table.ts';
import { wrap } from './width.ts';

const BAR_CELLS = 20;

/** Where a journey stands, at a glance; in one line where what is written stays. */
export function progressLines(paper: Paper, journey: Journey, asBars: boolean): readonly string[] {
  const { client_id, waiting_for, version } = journey;
  if (!asBars) return [`${version}  ${waiting_for}`];
  return [
    ...wrap(`${client_id}: ${stageText(journey)}`, paper.width).map((line) => paper.paint('bold', line)),
    ...pairs(
      paper,
      barsOf(journey).map(({ name, done, of, text, style }) => [
        name,
        `${paper.paint(style, barOf(done, of))}  ${text}`,
      ]),
    ),
    ...wrap(waiting_for, paper.width),
  ];
}

type Bar = {
  readonly name: string;
  readonly done: number;
  readonly of: number;
  readonly text: string;
  readonly style: Style;
};

function barsOf({ day, duration_target_days, units, criteria }: Journey): readonly Bar[] {
  const tasks = units.flatMap((unit) => unit.tasks);
  const succeeded = tasks.filter(({ status }) => status === 'succeeded').length;
  const required = criteria.filter((one) => one.required);
  const met = required.filter(({ outcome }) => outcome === 'passed' || outcome === 'skipped').length;
  return [
    ...(duration_target_days === null
      ? []
      : [
          bar(
            'Time',
            day,
            duration_target_days,
            `day ${day} of ${duration_target_days}`,
            timeStyle(day, duration_target_days),
          ),
        ]),
    ...(tasks.length === 0
      ? []
      : [bar('Work', succeeded, tasks.length, `${succeeded} of ${tasks.length} tasks`, 'green')]),
    ...(required.length === 0
      ? []
      : [bar('Criteria', met, required.length, `${met} of ${required.length} passed`, 'green')]),
  ];
}

const bar = (name: string, done: number, of: number, text: string, style: Style): Bar => ({
  name,
  done,
  of,
  text,
  style,
});

/** As the stage's duration is judged: at risk from 80 % of the target on, breached beyond it. */
const timeStyle = (day: number, target: number): Style =>
  day > target ? 'red' : day > target * 0.8 ? 'yellow' : 'green';

function barOf(done: number, of: number): string {
  const cells = Math.round((Math.min(done, of) / of) * BAR_CELLS);
  return '█'.repeat(cells) + '░'.repeat(BAR_CELLS - cells);
}
