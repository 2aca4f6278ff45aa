import { JourneyError } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Plan } from '#core/plan.ts';
import type { JournalLane, JournalStore, Recording, WriteContext, WriteOutcome } from '#application/ports.ts';
import type { Connection, Database } from './database.ts';
import { isoOf, parametersOf } from './encode.ts';
import { journeyOf, loadJourneys, type LoadedRow } from './load-journeys.ts';
import { partNames, statementOf, typesOf, type PartName } from './parts.ts';
import { rowsOf, type Rows } from './rows.ts';
import { sqlState } from './unavailable.ts';

/** As for any other statement: the server ends one of its own accord a little earlier. */
const LONGEST_WAIT_MS = 35 * SECOND;
/** Serialization failures and deadlocks say the same as a moved version: decide again. */
const CONFLICTS = new Set(['40001', '40P01']);
/**
 * Everything here goes by key, in batches. Plans made while the tables were small, those of the foreign keys' checks above
 * all, would read whole tables for as long as the connection lives (0.7 ms a row at 2,000 rows), and nested loops would
 * sort the batch's ids anew for each row (0.25 ms). One generic plan a statement spares planning a dozen parts each time;
 * compiling them (jit) would cost more than running them, and the prices of what is switched off would bring that about.
 */
const LANE_SETTINGS =
  'set enable_seqscan = off; set enable_nestloop = off; set plan_cache_mode = force_generic_plan; set jit = off';

/**
 * A statement that nobody waits for any more must not be recorded later: its server process looks whether we are still
 * there. Some platforms cannot look; there such a statement ends by its own timeout.
 */
const LET_GO = `set client_connection_check_interval = '500ms'`;

export function postgresJournalStore(database: Database, planOf: (hash: string) => Plan): JournalStore {
  return {
    openLane: async () => {
      const connection = await database.connect();
      await connection.query({ text: LANE_SETTINGS });
      if (database.kind === 'postgresql') await connection.query({ text: LET_GO }).catch(() => undefined);
      return laneOn(connection, planOf);
    },
  };
}

function laneOn(connection: Connection, planOf: (hash: string) => Plan): JournalLane {
  // Prepared once a combination of parts; in practice some twenty combinations occur.
  const statements = new Map<string, { readonly name: string; readonly text: string }>();

  function statementFor(
    present: readonly PartName[],
    admits: boolean,
  ): { readonly name: string; readonly text: string } {
    const key = `${present.join()}${admits ? '+admits' : ''}`;
    let statement = statements.get(key);
    if (!statement) {
      statement = { name: `flush_${statements.size}`, text: statementOf(present, admits) };
      statements.set(key, statement);
    }
    return statement;
  }

  return {
    load: async (clientIds) => {
      const { rows } = await connection.query<LoadedRow>({ name: 'load', text: loadJourneys, values: [clientIds] });
      return new Map<string, Journey>(rows.map((row) => [row.client_id, journeyOf(row)]));
    },

    write: async (batch, context) => {
      const { present, values } = prepared(batch, context, planOf);
      const admits = batch.some((recording) => recording.admits);
      const { rows: answered } = await connection.query<{ won: string | null; held: boolean }>({
        ...statementFor(present, admits),
        ...(context.within_ms === undefined ? {} : { query_timeout: Math.min(context.within_ms, LONGEST_WAIT_MS) }),
        values: [...values],
      });
      return outcomeOf(answered);
    },

    recorded: async (requests) => {
      const { rows } = await connection.query<{ request_id: string }>({
        text: 'select distinct request_id from journey_events where client_id = any($1::text[]) and request_id = any($2::text[])',
        values: [requests.map(({ clientId }) => clientId), requests.map(({ requestId }) => requestId)],
      });
      return new Set(rows.map(({ request_id }) => request_id));
    },

    answers: async (keys) => {
      const { rows } = await connection.query<{
        client_id: string;
        principal: string;
        key: string;
        request_hash: string;
        response: Json;
      }>({
        name: 'answers',
        text: `select i.client_id, i.principal, i.key, i.request_hash, i.response
          from unnest($1::text[], $2::text[], $3::text[]) as p(client_id, principal, key)
          join idempotency_keys i on i.client_id = p.client_id and i.principal = p.principal and i.key = p.key
          where i.client_id = any($1::text[])`,
        values: [
          keys.map(({ clientId }) => clientId),
          keys.map(({ principal }) => principal),
          keys.map(({ key }) => key),
        ],
      });
      return rows.map(({ client_id, principal, key, request_hash, response }) => ({
        clientId: client_id,
        principal,
        key,
        requestHash: request_hash,
        response,
      }));
    },

    failureOf: (error) => {
      if (error instanceof Error && notSent.has(error)) return 'refused';
      // Every failure to reach the store or to hear from it is told so by the connection; what is left speaks of our data.
      if (error instanceof JourneyError && error.code === 'store.unavailable') return 'ambiguous';
      return CONFLICTS.has(sqlState(error) ?? '') ? 'conflict' : 'refused';
    },

    close: () => connection.end(),
  };
}

/** Errors from before anything was sent: nothing can have been recorded. */
const notSent = new WeakSet<object>();

function prepared(batch: readonly Recording[], context: WriteContext, planOf: (hash: string) => Plan): Prepared {
  try {
    const rows = rowsOf(batch, context, planOf);
    const present = partNames.filter((name) => rows[name]);
    return { present, values: [...fixedValues(batch, context), ...present.flatMap((name) => valuesOf(name, rows))] };
  } catch (error) {
    if (error instanceof Error) notSent.add(error);
    throw error;
  }
}

type Prepared = { readonly present: readonly PartName[]; readonly values: readonly unknown[] };

const fixedValues = (batch: readonly Recording[], { now, epoch }: WriteContext): unknown[] => [
  `{${batch.map(({ clientId }) => `"${clientId}"`).join(',')}}`,
  isoOf(now),
  epoch,
];

const valuesOf = (name: PartName, rows: Rows): string[] => {
  const columns = rows[name];
  return columns ? parametersOf(columns, typesOf[name]) : [];
};

/** `string_agg` of no rows is null: nobody won. Client ids hold no comma. */
const outcomeOf = ([answer]: readonly { won: string | null; held: boolean }[]): WriteOutcome => ({
  won: new Set(answer?.won?.split(',')),
  holdsAdmission: answer?.held ?? false,
});
