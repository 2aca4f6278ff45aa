import type { Violation } from '#core/verify/violation.ts';
import { plansOf } from '#application/plans.ts';
import { verifyPage, verifyWhole, type Verifier } from '#application/verify.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresConfigStore } from '#adapters/postgres/config-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresVerifyStore } from '#adapters/postgres/verify-store.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { readDocument } from '#settings/document.ts';

export type Verified = {
  readonly journeys: number;
  readonly succeeded: number;
  readonly takenOver: number;
  readonly stages: { readonly [stage: string]: number };
  /** Every invariant that does not hold, with what breaks it. */
  readonly broken: readonly string[];
};

const PAGE = 100;
/** Tests look in the middle of things, and their clocks may be virtual: what is overdue has tests of its own. */
const NEVER_OVERDUE_MS = Date.UTC(2000, 0);

/** Reads the whole store by the product's own verify, and counts what was done. */
export async function verify(database: Database): Promise<Verified> {
  const plans = plansOf({
    ...postgresConfigStore(database),
    compile: (stored) => compilePlan(readDocument(stored)),
  });
  await plans.refresh();
  const now = Date.now();
  const verifier: Verifier = {
    store: postgresVerifyStore(database),
    plans,
    clock: { journey: () => now, machine: () => now },
    digest: cryptoIds.digest,
    eventCopy: null,
  };
  const broken = (await verifyWhole(verifier)).map((one) => toldOf('all', one));
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await verifyPage(verifier, { after, limit: PAGE, grace_ms: NEVER_OVERDUE_MS });
    broken.push(...page.flatMap(({ clientId, violations }) => violations.map((one) => toldOf(clientId, one))));
    after = page.length < PAGE ? undefined : page.at(-1)?.clientId;
  }
  const [counted] = await database.query<{ succeeded: number; taken_over: number }>(
    `select count(*) filter (where type = 'task_succeeded')::int as succeeded,
       count(*) filter (where type = 'unit_taken_over')::int as taken_over from journey_events`,
  );
  const stages = await database.query<{ stage: string; count: number }>(
    'select current_stage as stage, count(*)::int as count from journey_states group by 1 order by 1',
  );
  return {
    journeys: stages.reduce((sum, { count }) => sum + count, 0),
    succeeded: counted?.succeeded ?? 0,
    takenOver: counted?.taken_over ?? 0,
    stages: Object.fromEntries(stages.map(({ stage, count }) => [stage, count])),
    broken,
  };
}

const toldOf = (client: string, { invariant, message }: Violation): string => `${invariant}: ${client}: ${message}`;
