import type { JsonObject } from '#core/json.ts';
import { ERASED, erasedData } from '#core/journey/erased.ts';
import type { ErasureStore } from '#application/dependencies.ts';
import type { Database, Query } from './database.ts';

const PAGE = 500;

/**
 * What each table with a client's rows does when the client is erased; a test fails on a table that is not in here.
 * Events and observations are the owner's (migrations/0007): they go through functions that want a tombstone.
 */
export const erasedTables = {
  journey_events: 'data replaced, its hash kept',
  journey_states: 'inputs and metadata emptied by the event itself',
  unit_of_works: 'results emptied; tasks are the definition',
  uow_tasks: 'input and error emptied',
  task_progress: 'deleted: it holds what agents said',
  stage_transitions: 'reason replaced, figures taken out of the results',
  evidence: 'subject, value and source replaced',
  evidence_current: 'deleted: nothing is judged any more',
  evaluations: 'message and figures replaced',
  approvals: 'reason replaced',
  journey_checks: 'holds an instant only',
  outbox: 'what the message says replaced, delivered or not; the problem and who was reached, too',
  notice_windows: 'holds an instant and a count only',
  idempotency_keys: 'deleted: they hold answers',
  slack_messages: 'deleted: what cards were drawn from; what stands in Slack is for Slack to delete',
  collections: 'deleted: the problem holds what others said',
  publications: 'kept until the document has been removed: a digest only',
  event_cursors: 'holds numbers and ids only; the stream itself is truncated when the tombstone is copied',
  uow_progress: 'a view',
} as const;

const STATEMENTS = [
  `update unit_of_works set results = '{}' where client_id = $1 and results is not null`,
  `update uow_tasks set input = null, error = null where client_id = $1`,
  `update stage_transitions set reason = $2, exit_criteria_results = (
     select jsonb_agg(verdict - 'measured' - 'target') from jsonb_array_elements(exit_criteria_results) as verdict
   ) where client_id = $1`,
  'delete from task_progress where client_id = $1',
  'delete from evidence_current where client_id = $1',
  'update evaluations set message = $2, measured = null, target = null where client_id = $1',
  'update approvals set reason = $2 where client_id = $1 and reason is not null',
  'delete from idempotency_keys where client_id = $1',
  'delete from slack_messages where client_id = $1',
  'delete from collections where client_id = $1',
] as const;

export function postgresErasureStore(database: Database): ErasureStore {
  return {
    erase: (clientId) =>
      database.transaction(async (query) => {
        // Whatever was recorded after the tombstone is not erased by it: then all of this waits for the next one.
        const [at] = await query<{ tombstone: number }>(
          `select e.seq as tombstone from journey_states j
           join journey_events e on e.client_id = j.client_id and e.seq = j.version and e.type = 'client_erased'
           where j.client_id = $1 for update of j`,
          [clientId],
        );
        if (!at) return null;
        const events = await eraseEvents(query, clientId);
        const [evidence] = await query<{ count: number }>('select erase_evidence($1)::int as count', [clientId]);
        const messages = await eraseMessages(query, clientId);
        for (const statement of STATEMENTS)
          await query(statement, statement.includes('$2') ? [clientId, ERASED] : [clientId]);
        return { events, observations: evidence?.count ?? 0, messages };
      }),
  };
}

async function eraseEvents(query: Query, clientId: string): Promise<number> {
  let erased = 0;
  let after = 0;
  for (;;) {
    const page = await query<{ seq: number; data: JsonObject }>(
      `select seq, data from journey_events
       where client_id = $1 and seq > $2 and erased_hash is null and type <> 'client_erased' order by seq limit $3`,
      [clientId, after, PAGE],
    );
    if (page.length === 0) return erased;
    const [done] = await query<{ count: number }>('select erase_events($1, $2, $3)::int as count', [
      clientId,
      page.map(({ seq }) => seq),
      page.map(({ data }) => JSON.stringify(erasedData(data))),
    ]);
    erased += done?.count ?? 0;
    after = page.at(-1)?.seq ?? after;
  }
}

/** Its type and its time say nothing of the client, and whoever has not been told yet needs them. */
type Message = { readonly type: string; readonly timestamp: string; readonly data: JsonObject };

async function eraseMessages(query: Query, clientId: string): Promise<number> {
  let erased = 0;
  let [destination, seq] = ['', 0];
  for (;;) {
    const page = await query<{ destination: string; seq: number; message: Message }>(
      `select destination, seq, message from outbox
       where client_id = $1 and (destination, seq) > ($2, $3) order by destination, seq limit $4`,
      [clientId, destination, seq, PAGE],
    );
    const last = page.at(-1);
    if (!last) return erased;
    await query(
      `update outbox o set message = p.message::json, problem = case when o.problem is not null then $5 end, reached = '{}'
       from unnest($2::text[], $3::int[], $4::text[]) as p (destination, seq, message)
       where o.client_id = $1 and o.destination = p.destination and o.seq = p.seq`,
      [
        clientId,
        page.map((row) => row.destination),
        page.map((row) => row.seq),
        page.map(({ message }) => JSON.stringify({ ...message, data: erasedData(message.data) })),
        ERASED,
      ],
    );
    erased += page.length;
    ({ destination, seq } = last);
  }
}
