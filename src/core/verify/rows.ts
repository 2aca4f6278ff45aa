import type { Json } from '../json.ts';
import type { Journey } from '../journey/journey.ts';
import type { History } from './history.ts';
import type { Violation } from './violation.ts';

/** What the tables say of one client, beside its events. */
export type StoredRows = {
  readonly journey: Journey | null;
  readonly units: readonly {
    readonly workId: string;
    readonly status: string;
    readonly owner: number | null;
    readonly results: Json;
  }[];
  /** The waiting room, without what is only there for an agent to be told to stop. */
  readonly waiting: readonly { readonly workId: string; readonly taskId: string; readonly state: string }[];
  readonly transitions: readonly { readonly seq: number; readonly kind: string; readonly to: string }[];
  readonly approvals: readonly { readonly id: string; readonly status: string; readonly votes: readonly string[] }[];
  /** Of the present stage entry. */
  readonly verdicts: readonly { readonly checkId: string; readonly outcome: string; readonly code: string }[];
  /** What should have been looked at by now and was not, in words. */
  readonly overdue: readonly string[];
};

/** I9: every table is what the events say. Pure. */
export function judgeRows({ journey, approvals, transitions }: History, stored: StoredRows): readonly Violation[] {
  const wrong: string[] = [
    ...differences('journey_states', inOrder(stored.journey), inOrder(journey)),
    ...rowDifferences('stage_transitions', keyed(stored.transitions, transitionName), keyed(transitions, eventName)),
    ...rowDifferences('approvals', keyed(stored.approvals, approvalName), keyed([...approvals.values()], approvalName)),
    ...(journey ? present(journey, stored) : []),
  ];
  return wrong.map((message) => ({ invariant: 'I9', message }));
}

const transitionName = ({ seq, kind, to }: StoredRows['transitions'][number]): string => `${seq} ${kind} ${to}`;
const eventName = ({ seq, event }: History['transitions'][number]): string => `${seq} ${event.kind} ${event.stage}`;
const approvalName = ({ id, status, votes }: StoredRows['approvals'][number]): string =>
  `${id} ${status} ${votes.join(',')}`;

const keyed = <T>(rows: readonly T[], name: (row: T) => string): readonly string[] => rows.map(name);

function present({ units, verdicts }: Journey, stored: StoredRows): readonly string[] {
  const now = new Set(units.map(({ workId }) => workId));
  const old = stored.units.filter(({ workId }) => !now.has(workId));
  return [
    ...old.flatMap(({ workId, status }) =>
      status === 'in_progress' ? [`unit_of_works: ${workId} is in progress, but its stage has been left`] : [],
    ),
    ...rowDifferences(
      'unit_of_works',
      keyed(
        stored.units.filter(({ workId }) => now.has(workId)),
        ({ workId, status, owner, results }) => unitName(workId, status, owner, results),
      ),
      keyed(units, ({ workId, status, owner, tasks }) =>
        unitName(
          workId,
          status,
          owner,
          Object.fromEntries(Object.entries(tasks).flatMap(([id, { output }]) => (output ? [[id, output]] : []))),
        ),
      ),
    ),
    ...rowDifferences(
      'uow_tasks',
      keyed(stored.waiting, ({ workId, taskId, state }) => `${workId}/${taskId} ${state}`),
      waitingAsFolded(units),
    ),
    ...rowDifferences(
      'evaluations',
      keyed(stored.verdicts, ({ checkId, outcome, code }) => `${checkId} ${outcome} ${code}`),
      keyed(Object.entries(verdicts), ([checkId, { outcome, code }]) => `${checkId} ${outcome} ${code}`),
    ),
  ];
}

const unitName = (workId: string, status: string, owner: number | null, results: Json): string =>
  [
    workId,
    status,
    ...(status === 'in_progress' ? [`of process ${owner ?? 'none'}`] : []),
    ...(status === 'completed' || status === 'cancelled' ? [`with ${canonical(results)}`] : []),
  ].join(' ');

/** A row for what has left the process or waits; none for what is done, planned, failed or cancelled. */
const waitingAsFolded = (units: Journey['units']): readonly string[] =>
  units
    .filter(({ status }) => status !== 'cancelled')
    .flatMap(({ workId, tasks }) =>
      Object.entries(tasks).flatMap(([id, { status, via }]) =>
        ['waiting_for_input', 'ready', 'retry_wait', 'waiting_for_breaker'].includes(status) ||
        (status === 'running' && via !== 'in_process')
          ? [`${workId}/${id} ${status}`]
          : [],
      ),
    )
    .toSorted();

/** Where evidence of one kind stands in the book is not part of what a journey is. */
const inOrder = (journey: Journey | null): unknown =>
  journey && {
    ...journey,
    evidence: Object.fromEntries(
      Object.entries(journey.evidence).map(([kind, seen]) => [
        kind,
        Object.fromEntries(seen.map((one) => [`${one.subject} from ${one.origin}`, one])),
      ]),
    ),
  };

/** The first few places where the row differs from the fold, each with both values. */
const differences = (table: string, stored: unknown, folded: unknown): readonly string[] =>
  [...differing([], stored, folded)]
    .slice(0, MOST_SHOWN)
    .map(
      ([path, there, here]) =>
        `${table}: ${path.join('.') || 'the row'} is ${shown(there)}; its events say ${shown(here)}`,
    );

/** The first few rows that only the table or only the events have. */
function rowDifferences(table: string, stored: readonly string[], folded: readonly string[]): readonly string[] {
  const [there, here] = [new Set(stored), new Set(folded)];
  return [
    ...stored.filter((row) => !here.has(row)).map((row) => `${table} has ${shown(row)}, which its events do not say`),
    ...folded.filter((row) => !there.has(row)).map((row) => `${table} lacks ${shown(row)}, which its events say`),
  ].slice(0, MOST_SHOWN);
}

const MOST_SHOWN = 5;

type Difference = readonly [path: readonly string[], stored: unknown, folded: unknown];

function* differing(path: readonly string[], stored: unknown, folded: unknown): Generator<Difference> {
  if (canonical(stored) === canonical(folded)) return;
  if (!isRecord(stored) || !isRecord(folded)) return yield [path, stored, folded];
  for (const key of new Set([...Object.keys(stored), ...Object.keys(folded)]))
    yield* differing([...path, key], stored[key], folded[key]);
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** JSON with sorted keys, without what is undefined. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'nothing';
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .join(',')}}`;
}
