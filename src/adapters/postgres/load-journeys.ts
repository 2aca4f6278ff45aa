import type { Json, JsonObject } from '#core/json.ts';
import type { EvidenceBook, Observation } from '#core/criteria/evidence.ts';
import { COMPENSATION } from '#core/journey/compensation-unit.ts';
import { evolve, mergedOutputs, withDone } from '#core/journey/evolve.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import { freshEntry, type DoneTasks, type Journey, type JourneyStatus } from '#core/journey/journey.ts';
import { waitsFrom } from '#core/journey/time-split.ts';

/**
 * Everything that decides about a journey, in one statement: one snapshot, so that a commit between two reads cannot
 * give a torn aggregate (an old stage with a new version), which would pass the guard.
 */
export const loadJourneys = `
select j.client_id, j.run, j.status, j.current_stage, j.previous_stage, j.stage_entry, j.version, j.entered_version, j.holds_slot,
  round(extract(epoch from j.started_at) * 1000)::float8 as started_at,
  round(extract(epoch from j.stage_started_at) * 1000)::float8 as stage_started_at,
  j.completed_stages, j.config_hash, j.started_by, j.inputs, j.metadata, j.rolled_back_at,
  (select json_agg(json_build_array(e.type, e.data, round(extract(epoch from e.at) * 1000)::float8) order by e.seq)
     from journey_events e where e.client_id = j.client_id and e.seq >= j.entered_version) as events,
  (select json_agg(json_build_array(u.stage, u.results, u.stage_entry) order by u.stage_entry, u.template_id collate "C")
     from unit_of_works u where u.client_id = j.client_id and u.status in ('completed', 'cancelled') and u.created_at >= j.started_at
       and u.template_id <> '${COMPENSATION}') as outputs,
  (select json_agg(json_build_array(c.kind, c.subject, c.value, round(extract(epoch from c.observed_at) * 1000)::float8, c.source, c.origin,
       c.recorded_by, c.stage_entry))
     from evidence_current c where c.client_id = j.client_id) as evidence
from journey_states j
where j.client_id = any($1::text[])`;

export type LoadedRow = {
  readonly client_id: string;
  readonly run: number;
  readonly status: JourneyStatus;
  readonly current_stage: string;
  readonly previous_stage: string | null;
  readonly stage_entry: number;
  readonly version: number;
  readonly entered_version: number;
  readonly holds_slot: boolean;
  readonly started_at: number;
  readonly stage_started_at: number;
  readonly completed_stages: readonly string[];
  readonly config_hash: string;
  readonly started_by: string;
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly rolled_back_at: readonly number[];
  readonly events: readonly (readonly [JourneyEvent['type'], JsonObject, number])[] | null;
  readonly outputs: readonly (readonly [string, { readonly [taskId: string]: JsonObject } | null, number])[] | null;
  readonly evidence: readonly (readonly [string, string, Json, number, string, string, string, number])[] | null;
};

/** The aggregate: the row, and on it the events since the present stage was entered. */
export function journeyOf(row: LoadedRow): Journey {
  const evidence = evidenceOf(row.evidence ?? []);
  let journey = beforeStage(row);
  for (const [type, data, at] of row.events ?? [])
    journey = evolve(journey, { type, ...data } as unknown as JourneyEvent, row.client_id, at);
  // The newest of each is in evidence_current, also from before this stage entry.
  return { ...journey, evidence };
}

/** As the journey was just before the first event that is folded. */
function beforeStage(row: LoadedRow): Journey {
  return {
    clientId: row.client_id,
    run: row.run,
    status: row.status,
    stage: row.current_stage,
    previousStage: row.previous_stage,
    stageEntry: row.stage_entry,
    version: row.entered_version - 1,
    enteredVersion: row.entered_version,
    startedAt: row.started_at,
    stageStartedAt: row.stage_started_at,
    completedStages: row.completed_stages,
    configHash: row.config_hash,
    inputs: row.inputs,
    metadata: row.metadata,
    startedBy: row.started_by,
    holdsSlot: row.holds_slot,
    units: [],
    outputs: outputsOf(row.outputs ?? []),
    evidence: {},
    ...freshEntry,
    entryKind: 'start',
    done: doneIn(row.outputs ?? []),
    rolledBackAt: row.rolled_back_at,
    waits: waitsFrom(row.stage_started_at),
  };
}

function outputsOf(units: NonNullable<LoadedRow['outputs']>): Journey['outputs'] {
  const outputs: Record<string, JsonObject> = {};
  for (const [stage, results] of units) outputs[stage] = { ...outputs[stage], ...mergedOutputs(results ?? {}) };
  return outputs;
}

function doneIn(units: NonNullable<LoadedRow['outputs']>): Journey['done'] {
  const done: Record<string, DoneTasks> = {};
  for (const [stage, results, entry] of units) done[stage] = withDone(done[stage], entry, Object.keys(results ?? {}));
  return done;
}

function evidenceOf(rows: NonNullable<LoadedRow['evidence']>): EvidenceBook {
  const book: Record<string, Observation[]> = {};
  for (const [kind, subject, value, observedAt, source, origin, recordedBy, stageEntry] of rows)
    (book[kind] ??= []).push({ kind, subject, value, observedAt, source, origin, recordedBy, stageEntry });
  return book;
}
