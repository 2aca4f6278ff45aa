import { header, message, note, paragraph, section, type Block, type Message } from './blocks.ts';
import { dayOf } from './card.ts';
import { criterionLines, type CriterionView } from './criteria.ts';
import { cut, LINE, whoIs, wrapped } from './text.ts';

/** A journey as the use-cases answer it: what is shown of it here. */
export type JourneyView = {
  readonly client_id: string;
  readonly run: number;
  readonly status: string;
  readonly stage: string;
  readonly stage_name: string;
  readonly stage_entry: number;
  readonly day: number;
  readonly duration_target_days: number | null;
  readonly started_by: string;
  readonly queue_position: number | null;
  readonly waiting_for: string;
  readonly criteria: readonly CriterionView[];
  readonly units: readonly {
    readonly name: string;
    readonly status: string;
    readonly tasks: readonly { readonly name: string; readonly status: string }[];
  }[];
  readonly approval: {
    readonly approval_id: string;
    readonly check_id: string;
    readonly status: string;
    readonly digest: string;
    readonly votes: readonly string[];
    readonly expires_at: string;
    readonly decided_by: string | null;
    readonly reason: string | null;
  } | null;
};

const dayLine = ({ day, duration_target_days }: JourneyView): string =>
  dayOf({ day, target_days: duration_target_days });

export function journeyMessage(journey: JourneyView, now: number, done?: string): Message {
  const { client_id, stage_name, status, criteria } = journey;
  return message(`${done ?? client_id}: ${stage_name}, ${status}.`, [
    ...(done === undefined ? [] : [paragraph(done)]),
    header(client_id),
    section(wrapped(`${stage_name} · ${status}`), dayLine(journey), wrapped(`Started by ${whoIs(journey.started_by)}`)),
    ...(journey.units.length > 0 ? [section(...journey.units.flatMap(unitLines))] : []),
    ...criteria.slice(0, 30).map((criterion) => section(criterionLines(criterion, now))),
    note(`Waits for: ${journey.waiting_for}`),
  ]);
}

const unitLines = ({ name, tasks }: JourneyView['units'][number]): readonly string[] => {
  const done = tasks.filter(({ status }) => status === 'succeeded').length;
  const open = tasks.filter(({ status }) => status !== 'succeeded').slice(0, 10);
  return [
    cut(`${name}: ${done} of ${tasks.length} done`, LINE),
    ...open.map((task) => cut(`   ${task.name}: ${task.status.replaceAll('_', ' ')}`, LINE)),
  ];
};

/** The head of a journey's thread, edited as it goes on. */
export function threadHead(journey: JourneyView): Message {
  const { client_id, stage_name, status } = journey;
  const blocks: Block[] = [
    header(client_id),
    section(wrapped(`${stage_name} · ${status}`)),
    note('What happens to it is in this thread.'),
  ];
  return message(`${client_id}: ${stage_name}, ${status}.`, blocks);
}
