import type { Plan } from '#core/plan.ts';
import type { Digest } from '#core/criteria/gate.ts';
import type { Instant } from '#core/time.ts';
import { judgeHistory, judgeRemainder, type Judging, type RecordedFact } from '#core/verify/history.ts';
import { judgeRows, type StoredRows } from '#core/verify/rows.ts';
import type { Violation } from '#core/verify/violation.ts';
import { streamVerifier, type EventCopy } from './event-relay/verify-stream.ts';
import type { Clock, Plans } from './ports.ts';

/** One client as the store has it, at one instant. */
export type StoredClient = {
  readonly clientId: string;
  /** The seq of the first event that is kept. */
  readonly eventsFrom: number;
  readonly version: number;
  readonly configHashes: readonly string[];
  readonly facts: readonly RecordedFact[];
  readonly rows: StoredRows;
};

export type VerifyStore = {
  /** Clients by id, after `after`; or the one that is named. Read-only, one snapshot. What was due before these times is overdue. */
  readonly page: (query: {
    readonly clientId: string | undefined;
    readonly after: string;
    readonly limit: number;
    readonly dueBefore: { readonly journey: Instant; readonly machine: Instant };
  }) => Promise<readonly StoredClient[]>;
  /** Journeys that hold a place of the cap, by configuration; those that a rollback may have brought back are not counted. */
  readonly slots: () => Promise<readonly { readonly configHash: string; readonly count: number }[]>;
  /** Clients with events and without a journey. */
  readonly orphans: (limit: number) => Promise<readonly string[]>;
};

export type Verifier = {
  readonly store: VerifyStore;
  readonly plans: Plans;
  readonly clock: Pick<Clock, 'journey' | 'machine'>;
  readonly digest: Digest;
  /** Null: there is no event store. */
  readonly eventCopy: EventCopy | null;
};

export type VerifiedClient = {
  readonly clientId: string;
  readonly version: number;
  readonly violations: readonly Violation[];
};

export type VerifyQuery = {
  readonly clientId?: string | undefined;
  readonly after: string;
  readonly limit: number;
  /** How long after its time a thing may be undone before it counts as overdue. */
  readonly grace_ms: number;
};

/** Reads a page of clients and names what should not be. */
export async function verifyPage(
  { store, plans, clock, digest, eventCopy }: Verifier,
  { clientId, after, limit, grace_ms }: VerifyQuery,
): Promise<readonly VerifiedClient[]> {
  const dueBefore = { journey: clock.journey() - grace_ms, machine: clock.machine() - grace_ms };
  const page = await store.page({ clientId, after, limit, dueBefore });
  const known = await plansOf(plans, new Set(page.flatMap(({ configHashes }) => configHashes)));
  const judging: Judging = { planOf: (hash) => known.get(hash), digest };
  const streams = eventCopy && streamVerifier(eventCopy);
  const verified: VerifiedClient[] = [];
  for (const client of page)
    verified.push({
      clientId: client.clientId,
      version: client.version,
      violations: [...judgeClient(client, judging), ...((await streams?.(client)) ?? [])],
    });
  return verified;
}

/** What is not about one client: places of the cap, and events without a journey. */
export async function verifyWhole({ store, plans }: Pick<Verifier, 'store' | 'plans'>): Promise<readonly Violation[]> {
  const slots = await store.slots();
  const known = await plansOf(plans, new Set(slots.map(({ configHash }) => configHash)));
  const taken = slots.reduce((sum, { count }) => sum + count, 0);
  // A cap that was lowered sends nobody away: the largest under which one of them was admitted counts.
  const cap = Math.max(...[plans.active(), ...known.values()].map((plan) => plan.maxConcurrentJourneys));
  const orphans = await store.orphans(20);
  return [
    ...(taken > cap
      ? [{ invariant: 'I10' as const, message: `${taken} journeys hold a place; the cap is ${cap}` }]
      : []),
    ...orphans.map((id) => ({
      invariant: 'I9' as const,
      message: `${id} has events, but no row in journey_states`,
    })),
  ];
}

/** A version that is not stored, or that this version cannot read, is a finding and no reason to stop. */
async function plansOf(plans: Plans, hashes: ReadonlySet<string>): Promise<ReadonlyMap<string, Plan>> {
  const known = new Map<string, Plan>();
  for (const hash of hashes) {
    const plan = await plans.ensure([hash]).then(
      () => plans.get(hash),
      () => undefined,
    );
    if (plan) known.set(hash, plan);
  }
  return known;
}

function judgeClient({ clientId, eventsFrom, version, facts, rows }: StoredClient, judging: Judging): Violation[] {
  const last = facts.at(-1)?.seq ?? eventsFrom - 1;
  const overdue: Violation[] = rows.overdue.map((message) => ({ invariant: 'I12', message }));
  const end: Violation[] =
    last === version
      ? []
      : [{ invariant: 'I1', message: `the last event is ${last}, but journey_states is at version ${version}` }];
  const common = [...end, ...overdue, ...unfinishedErasure(facts)];
  if (eventsFrom > 1) return [...judgeRemainder(facts, eventsFrom), ...common];
  const history = judgeHistory(clientId, facts, judging);
  return [...history.violations, ...judgeRows(history, rows), ...common];
}

function unfinishedErasure(facts: readonly RecordedFact[]): readonly Violation[] {
  const tombstone = facts.findLast(({ event }) => event.type === 'client_erased');
  const left = tombstone
    ? facts.filter(({ seq, erased, event }) => seq < tombstone.seq && !erased && event.type !== 'client_erased')
    : [];
  return left.length === 0 || !tombstone
    ? []
    : [
        {
          invariant: 'erasure',
          message: `event ${tombstone.seq} erases the client, but ${left.length} events before it still say what they said: erase it again`,
        },
      ];
}
