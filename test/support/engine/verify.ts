import { isDeepStrictEqual } from 'node:util';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { readJourneys } from '#adapters/postgres/journey-reader.ts';
import { inOrder } from './journal.ts';

export type Verified = {
  readonly journeys: number;
  readonly succeeded: number;
  readonly takenOver: number;
  readonly stages: { readonly [stage: string]: number };
  /** Every invariant that does not hold, with what breaks it. */
  readonly broken: readonly string[];
};

type Stored = {
  readonly client_id: string;
  readonly seq: number;
  readonly data: JourneyEvent;
  readonly at: number;
  readonly request_id: string;
};

/** Reads the whole store and names what should not be: the invariants of reliability that events and tables can show. */
export async function verify(database: Database, cap = Number.POSITIVE_INFINITY): Promise<Verified> {
  // One snapshot: the engine may be at work while it is looked at.
  const { byClient, events, loaded } = await database.transaction(
    async (query) => {
      const all = await query<Stored>(
        `select client_id, seq, data::jsonb || jsonb_build_object('type', type) as data, at, request_id from journey_events order by client_id, seq`,
      );
      const grouped = Map.groupBy(all, ({ client_id }) => client_id);
      return {
        byClient: grouped,
        events: all,
        loaded: await readJourneys({ ...database, query }, [...grouped.keys()]),
      };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  const broken = [...byClient].flatMap(([client, of]) => brokenIn(client, of, loaded.get(client) ?? null));
  const journeys = [...loaded.values()];
  const slots = journeys.filter(({ holdsSlot }) => holdsSlot).length;
  if (slots > cap) broken.push(`I10: ${slots} journeys hold a slot, the cap is ${cap}`);
  const count = (type: JourneyEvent['type']) => events.filter(({ data }) => data.type === type).length;
  return {
    journeys: journeys.length,
    succeeded: count('task_succeeded'),
    takenOver: count('unit_taken_over'),
    stages: Object.fromEntries(
      [...Map.groupBy(journeys, ({ stage }) => stage)].map(([stage, of]) => [stage, of.length]),
    ),
    broken,
  };
}

function brokenIn(client: string, events: readonly Stored[], loaded: Journey | null): string[] {
  const broken: string[] = [];
  const done = new Set<string>();
  const owners = new Map<string, number | null>();
  let journey: Journey | null = null;
  let stage: string | null = null;
  for (const [index, { seq, data, at, request_id }] of events.entries()) {
    if (seq !== index + 1) broken.push(`I1: ${client} has event ${seq} in place ${index + 1}`);
    if (data.type === 'journey_started') stage = null;
    if (data.type === 'stage_entered') {
      if (data.from !== stage) broken.push(`I1: ${client} enters ${data.stage} from ${data.from}, but was in ${stage}`);
      stage = data.stage;
    }
    if (data.type === 'unit_taken_over') owners.set(data.work_id, data.from);
    if (data.type === 'task_succeeded') {
      const task = `${data.work_id}/${data.task_id}`;
      if (done.has(task)) broken.push(`I5: ${task} succeeded twice`);
      done.add(task);
      const stale = owners.get(data.work_id);
      // The request ids of a process begin with its epoch.
      if (
        stale !== undefined &&
        stale !== null &&
        request_id.startsWith(`e${stale}-`) &&
        owner(journey, data.work_id) !== stale
      )
        broken.push(`I13: ${task} was recorded by epoch ${stale}, which had lost it`);
    }
    journey = evolve(journey, data, client, at);
  }
  if (!isDeepStrictEqual(inOrder(journey), inOrder(loaded))) broken.push(`I9: ${client} is not the fold of its events`);
  return broken;
}

const owner = (journey: Journey | null, workId: string): number | null | undefined =>
  journey?.units.find((unit) => unit.workId === workId)?.owner;
