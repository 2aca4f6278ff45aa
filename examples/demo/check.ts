import { isDeepStrictEqual } from 'node:util';
import { openEmbedded } from '#adapters/postgres/embedded.ts';
import type { Database } from '#adapters/postgres/database.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import { evolve } from '#core/journey/evolve.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { JsonObject } from '#core/json.ts';

export type Check = { readonly claim: string; readonly holds: boolean; readonly found: string };

export type Expected = { readonly promoted: string; readonly rolledBack: string };

/** Opens the data directory anew and compares what lies there with what the demo has shown. */
export async function checkDataDirectory(dataDir: string, expected: Expected, now: number): Promise<readonly Check[]> {
  const database = await openEmbedded({ dataDir, startedAt: now });
  try {
    return [
      ...(await promotedChecks(database, expected.promoted)),
      ...(await rolledBackChecks(database, expected.rolledBack)),
      await foldCheck(database, expected.promoted),
      await foldCheck(database, expected.rolledBack),
    ];
  } finally {
    await database.close();
  }
}

const is = (claim: string, found: unknown, wanted: unknown): Check => ({
  claim,
  holds: isDeepStrictEqual(found, wanted),
  found: JSON.stringify(found),
});

async function promotedChecks(database: Database, clientId: string): Promise<readonly Check[]> {
  const row = await stateOf(database, clientId);
  const granted = await database.query<{ approval_id: string; stage: string; decided_by: string }>(
    `select approval_id, stage, decided_by from approvals where client_id = $1 and status = 'granted'`,
    [clientId],
  );
  const [approval] = granted;
  const used = (await transitionsOf(database, clientId)).flatMap(({ approval_ids }) => approval_ids);
  return [
    is(
      `${clientId} is in production, with sandbox and pilot behind it`,
      [row['status'], row['current_stage'], row['completed_stages']],
      ['active', 'production', ['sandbox', 'pilot']],
    ),
    is(
      `${clientId} has exactly one approval, of its sandbox`,
      granted.map(({ stage }) => stage),
      ['sandbox'],
    ),
    is(`${clientId} was not approved by whoever started it`, approval?.decided_by !== row['started_by'], true),
    is(
      `${clientId} was promoted on that approval`,
      used,
      granted.map(({ approval_id }) => approval_id),
    ),
    is(`${clientId} went sandbox, pilot, production and never back`, await pathOf(database, clientId), [
      'start sandbox',
      'promotion pilot',
      'promotion production',
    ]),
  ];
}

async function rolledBackChecks(database: Database, clientId: string): Promise<readonly Check[]> {
  const row = await stateOf(database, clientId);
  const rollbacks = (await transitionsOf(database, clientId)).filter(({ kind }) => kind === 'rollback');
  const reasons = await database.query<{ reason: string }>(
    `select data ->> 'reason' as reason from journey_events where client_id = $1 and type = 'journey_rolled_back'`,
    [clientId],
  );
  return [
    is(`${clientId} was rolled back exactly once, to the sandbox`, await pathOf(database, clientId), [
      'start sandbox',
      'promotion pilot',
      'rollback sandbox',
    ]),
    is(
      `${clientId} says why: ${reasons[0]?.reason ?? 'nothing'}`,
      [rollbacks.length, rollbacks[0]?.reason !== undefined && rollbacks[0].reason === reasons[0]?.reason],
      [1, true],
    ),
    is(
      `${clientId} is back in the sandbox, with no stage behind it`,
      [row['status'], row['current_stage'], row['previous_stage'], row['completed_stages']],
      ['active', 'sandbox', 'pilot', []],
    ),
  ];
}

type Transition = {
  readonly kind: string;
  readonly to_stage: string;
  readonly reason: string;
  readonly approval_ids: readonly string[];
};

const transitionsOf = (database: Database, clientId: string): Promise<readonly Transition[]> =>
  database.query<Transition & JsonObject>(
    `select kind, to_stage, reason, approval_ids from stage_transitions where client_id = $1 order by seq`,
    [clientId],
  );

const pathOf = async (database: Database, clientId: string): Promise<readonly string[]> =>
  (await transitionsOf(database, clientId)).map(({ kind, to_stage }) => `${kind} ${to_stage}`);

async function stateOf(database: Database, clientId: string): Promise<JsonObject> {
  const [row] = await database.query<JsonObject>(
    `select run, status, current_stage, previous_stage, stage_entry, version, entered_version, holds_slot, started_at,
       stage_started_at, completed_stages, config_hash, started_by, inputs, metadata
     from journey_states where client_id = $1`,
    [clientId],
  );
  return row ?? {};
}

/** The row is a projection: folding every event, from the first on, must give just that. */
async function foldCheck(database: Database, clientId: string): Promise<Check> {
  const events = await database.query<{ type: JourneyEvent['type']; data: JsonObject; at: number }>(
    'select type, data, at from journey_events where client_id = $1 order by seq',
    [clientId],
  );
  let journey: Journey | null = null;
  for (const { type, data, at } of events)
    journey = evolve(journey, { type, ...data } as unknown as JourneyEvent, clientId, at);
  const row = await stateOf(database, clientId);
  const folded = journey ? rowOf(journey) : {};
  const differing = Object.keys(row).filter((column) => !isDeepStrictEqual(row[column], folded[column]));
  const { claim, holds, found } = is(`folding ${clientId}'s ${events.length} events gives its row`, differing, []);
  return { claim, holds: holds && events.length > 0, found };
}

const rowOf = (journey: Journey): JsonObject => ({
  run: journey.run,
  status: journey.status,
  current_stage: journey.stage,
  previous_stage: journey.previousStage,
  stage_entry: journey.stageEntry,
  version: journey.version,
  entered_version: journey.enteredVersion,
  holds_slot: journey.holdsSlot,
  started_at: journey.startedAt,
  stage_started_at: journey.stageStartedAt,
  completed_stages: [...journey.completedStages],
  config_hash: journey.configHash,
  started_by: journey.startedBy,
  inputs: journey.inputs,
  metadata: journey.metadata,
});
