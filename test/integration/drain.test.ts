import { expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { freshDatabase } from '#test/support/postgres/fresh.ts';
import { serverVariables, startProduct, type Product } from '#test/support/product/product.ts';

const CALLERS = 8;
const BEFORE_THE_END = 40;
/** What Kubernetes would wait for, less the pause before the signal. */
const GRACE_MS = 25 * SECOND;

type Load = {
  readonly acknowledged: readonly string[];
  readonly unanswered: readonly string[];
  readonly over: Promise<unknown>;
};

/** Callers that start one journey after the other, until nobody answers them any more. */
function startJourneysAt(product: Product): Load {
  const acknowledged: string[] = [];
  const unanswered: string[] = [];
  const caller = async (name: number): Promise<void> => {
    for (let call = 0; ; call += 1) {
      const client_id = `caller-${name}-${call}`;
      const key = { 'idempotency-key': client_id };
      const answer = await product
        .post('/api/v1/journeys', { client_id, data_sources: ['jira'] }, key)
        .catch(() => null);
      if (answer === null) return void unanswered.push(client_id);
      expect(answer.status).toBe(201);
      acknowledged.push(client_id);
    }
  };
  return { acknowledged, unanswered, over: Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name))) };
}

test('S122 I8: told to stop under load it finishes what is under way, ends with 0, and another goes on with every journey', async () => {
  await using at = await freshDatabase();
  const env = serverVariables(at.url);
  await using product = await startProduct(env);
  const load = startJourneysAt(product);
  await eventually(
    () => Promise.resolve(load.acknowledged.length),
    (count) => count >= BEFORE_THE_END,
    60_000,
  );
  const told = performance.now();
  expect(await product.stop()).toBe(0);
  expect(performance.now() - told).toBeLessThan(GRACE_MS);
  await load.over;
  expect(product.log.at(-1)).toMatchObject({ message: 'Stopped.' });
  expect(product.log.filter(({ message }) => String(message).startsWith('Requests were cut'))).toEqual([]);

  const recorded = async (): Promise<readonly string[]> => {
    const rows = await at.database.query<{ client_id: string }>('select client_id from journey_states');
    return rows.map(({ client_id }) => client_id);
  };
  const kept = await recorded();
  expect(load.acknowledged.filter((client_id) => !kept.includes(client_id))).toEqual([]);
  // It has given its lease back: nobody has to wait for its end.
  const leases = 'select count(*)::int as held from processes where lease_until > clock_timestamp()';
  expect(await at.database.query(leases)).toEqual([{ held: 0 }]);

  await using next = await startProduct(env);
  // Whoever was not answered asks again under the same key, and learns how it is.
  for (const client_id of load.unanswered) {
    const again = await next.post(
      '/api/v1/journeys',
      { client_id, data_sources: ['jira'] },
      { 'idempotency-key': client_id },
    );
    expect(again).toMatchObject({ status: 201, body: { client_id } });
  }
  const owned = `select count(*)::int as left from unit_of_works u where status = 'in_progress'
    and not exists (select 1 from processes p where p.epoch = u.owner and p.lease_until > clock_timestamp())`;
  await eventually(
    async () => (await at.database.query<{ left: number }>(owned))[0]?.left,
    (left) => left === 0,
    60_000,
  );
}, 180_000);
