import type { Causes } from '#application/tracer.ts';
import type { Database } from './database.ts';

type Row = { readonly request_id: string };

const OF_ATTEMPT = `
select request_id from journey_events
where client_id = $1 and type = 'task_dispatched' and data ->> 'work_id' = $2 and data ->> 'task_id' = $3
order by seq desc limit 1`;

export function postgresCauses(database: Database): Causes {
  const requestIn = async (text: string, values: readonly unknown[], name: string): Promise<string | null> =>
    (await database.query<Row>(text, values, name))[0]?.request_id ?? null;
  return {
    ofEvent: (clientId, seq) =>
      requestIn('select request_id from journey_events where client_id = $1 and seq = $2', [clientId, seq], 'cause'),
    ofAttempt: ({ clientId, workId, taskId }) => requestIn(OF_ATTEMPT, [clientId, workId, taskId], 'cause_of_attempt'),
  };
}
