import { z } from 'zod';
import { checkAgents } from '#application/use-cases/check-agents.ts';
import { claimTask } from '#application/use-cases/claim-task.ts';
import { completeTask } from '#application/use-cases/complete-task.ts';
import { failTask } from '#application/use-cases/fail-task.ts';
import { heartbeatTask } from '#application/use-cases/heartbeat-task.ts';
import { listJourneys } from '#application/use-cases/list-journeys.ts';
import { recordEvidence } from '#application/use-cases/record-evidence.ts';
import { showHistory } from '#application/use-cases/show-history.ts';
import { showWork } from '#application/use-cases/show-work.ts';
import { validateExit } from '#application/use-cases/validate-exit.ts';
import type { AnyUseCase, UseCase } from '#application/use-case.ts';
import type { EndedView } from '#application/task-ending.ts';
import { JourneyView } from '#application/view.ts';
import type { Caps } from '../clean.ts';
import { conciseJourney, detailedJourney, JourneyAnswer } from './journey.ts';

/** How a use-case's answer is told to a model. */
export type Presenter = {
  /** What both forms promise; they may hold more. */
  readonly schema: z.ZodType;
  readonly concise: (output: never) => object;
  /** Unset: there is only one form. */
  readonly detailed?: (output: never) => object;
  /** Whether texts of others are in it. */
  readonly quotes: boolean;
  /** How much of a text is told, where the door's usual measure would cut what is needed whole. */
  readonly caps?: Caps;
  /** Items a page where the caller does not say. */
  readonly page?: number;
};

const whole = (output: object): object => output;
/** A list whose items a model knows by reading them: what would cost thousands of tokens to describe says little. */
const list = z.array(z.looseObject({}));

const by = <I extends z.ZodType, O extends z.ZodType>(
  useCase: UseCase<I, O>,
  presenter: Omit<Presenter, 'concise' | 'detailed'> & {
    readonly concise: (output: z.output<O>) => object;
    readonly detailed?: (output: z.output<O>) => object;
  },
): readonly [string, Presenter] => [useCase.name, presenter];

const unlessEmpty = (field: string, items: readonly object[]): object => (items.length === 0 ? {} : { [field]: items });

const ending = {
  schema: z.looseObject({ status: z.string() }),
  quotes: false,
  concise: ({ status, retry_at, unit_status, stage }: z.output<typeof EndedView>) => ({
    status,
    ...(retry_at === null ? {} : { retry_at }),
    unit_status,
    stage,
    next: 'claim_task',
  }),
};

const presenters: ReadonlyMap<string, Presenter> = new Map([
  by(listJourneys, {
    schema: z.looseObject({ journeys: list, next_cursor: z.string().nullable() }),
    quotes: false,
    page: 20,
    concise: ({ journeys, next_cursor }) => ({
      journeys: journeys.map(({ client_id, status, stage, day }) => ({ client_id, status, stage, day })),
      next_cursor,
    }),
    detailed: whole,
  }),
  by(showHistory, {
    schema: z.looseObject({ events: list, next_after: z.number().nullable() }),
    quotes: true,
    page: 20,
    concise: ({ client_id, events, next_after }) => ({
      client_id,
      events: events.map(({ seq, type, at, actor, data }) => ({ seq, type, at, actor, ...wordsOf(data) })),
      next_after,
    }),
    detailed: whole,
  }),
  by(showWork, {
    schema: z.looseObject({ stage: z.string(), units: list }),
    quotes: true,
    concise: ({ client_id, stage, units }) => ({
      client_id,
      stage,
      units: units.map(({ work_id, status, tasks }) => ({
        work_id,
        status,
        tasks: tasks.map(({ task_id, intent, status: state, attempt, error, missing, retry_at }) => ({
          task_id,
          intent,
          status: state,
          ...(attempt > 1 ? { attempt } : {}),
          ...(error === null ? {} : { error }),
          ...(missing === null ? {} : { missing }),
          ...(retry_at === null ? {} : { retry_at }),
        })),
      })),
    }),
    detailed: whole,
  }),
  by(validateExit, {
    schema: z.looseObject({ stage: z.string(), gate: z.string(), criteria: list }),
    quotes: true,
    concise: ({ client_id, stage, gate, work_completed, criteria }) => ({
      client_id,
      stage,
      gate,
      work_completed,
      criteria: criteria.map(({ check_id, outcome, message, distance }) => ({
        check_id,
        outcome,
        ...(outcome === 'passed' ? {} : { message, ...(distance === undefined ? {} : { distance }) }),
      })),
    }),
    detailed: whole,
  }),
  by(recordEvidence, {
    schema: z.looseObject({ recorded: z.number(), not_judged: z.array(z.string()) }),
    quotes: false,
    concise: (output) => ({
      ...output,
      next:
        output.not_judged.length === 0
          ? 'check_exit_criteria'
          : 'What not_judged names is kept, but no criterion of this stage counts it from this token. Tell a person.',
    }),
  }),
  by(claimTask, {
    schema: z.looseObject({ task: z.looseObject({ task_id: z.string() }).nullable() }),
    quotes: true,
    // A task is done on its whole input, or wrongly.
    caps: { text: 50_000, items: 1_000 },
    concise: ({ task }) => ({ task }),
  }),
  by(heartbeatTask, {
    schema: z.looseObject({ cancelled: z.boolean(), lease_until: z.string().nullable() }),
    quotes: false,
    concise: ({ cancelled, lease_until, deadline }) => ({ cancelled, lease_until, deadline }),
  }),
  by(completeTask, ending),
  by(failTask, ending),
  by(checkAgents, {
    schema: z.looseObject({ healthy: z.number(), agents: list }),
    quotes: true,
    concise: ({ intent, route, healthy, breakers, agents }) => ({
      intent,
      route,
      healthy,
      ...unlessEmpty(
        'breakers',
        breakers.flatMap(({ status, intent: of, probes_from }) =>
          status === 'closed' ? [] : [{ intent: of, status, probes_from }],
        ),
      ),
      agents: agents.map(({ agent_id, healthy: answers, problem }) => ({
        agent_id,
        healthy: answers,
        ...(problem === null ? {} : { problem }),
      })),
    }),
    detailed: whole,
  }),
]);

/** What people wrote or agents reported in an event; the rest of its data is for the detailed form. */
const wordsOf = (data: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    ['stage', 'from', 'to', 'reason', 'task_id', 'kind', 'check_id', 'outcome', 'decision'].flatMap((field) =>
      typeof data[field] === 'string' ? [[field, data[field]]] : [],
    ),
  );

const journeys: Presenter = {
  schema: JourneyAnswer,
  quotes: true,
  concise: conciseJourney,
  detailed: detailedJourney,
};

const anything: Presenter = { schema: z.looseObject({}), quotes: true, concise: whole };

/** By the use-case's own presenter, as a journey where it is one, or else as it comes. */
export const presenterOf = ({ name, output }: AnyUseCase): Presenter =>
  presenters.get(name) ?? (output === JourneyView ? journeys : anything);
