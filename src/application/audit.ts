import type { JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import { iso } from './fields.ts';
import type { TokenRecord } from './dependencies.ts';
import type { Clock, Ids } from './ports.ts';
import type { Call } from './use-case.ts';

/** What is done here that is of no journey, and so stands in no journey's history. */
export const auditedTypes = [
  'token_created',
  'token_revoked',
  'config_activated',
  'person_mapped',
  'person_unmapped',
  'deliveries_replayed',
] as const;
export type AuditedType = (typeof auditedTypes)[number];

/** Written by the store in the transaction of what it tells about: neither is there without the other. */
export type AuditEntry = {
  readonly entry_id: string;
  readonly at: Instant;
  readonly type: AuditedType;
  readonly actor: string;
  readonly door: string;
  readonly request_id: string;
  /** What it was done to: a token's name, a destination. */
  readonly subject: string;
  readonly about_client: string | null;
  readonly data: JsonObject;
};

/** Who does something, by which way. */
export type Doer = Pick<AuditEntry, 'actor' | 'door' | 'request_id'>;

export const doerOf = ({ principal, door, requestId }: Call): Doer => ({
  actor: principal.id,
  door,
  request_id: requestId,
});

/** Somebody who only starts the process. */
export const starting: Doer = { actor: 'system', door: 'start', request_id: 'start' };

type AuditParts = { readonly clock: Pick<Clock, 'journey'>; readonly ids: Pick<Ids, 'random'> };

export function auditEntry(
  { clock, ids }: AuditParts,
  doer: Doer,
  what: Pick<AuditEntry, 'type' | 'subject' | 'data'> & { readonly about_client?: string | undefined },
): AuditEntry {
  return {
    ...what,
    ...doer,
    entry_id: `aud-${ids.random()}`,
    at: clock.journey(),
    about_client: what.about_client ?? null,
  };
}

export const tokenCreated = (parts: AuditParts, doer: Doer, record: TokenRecord): AuditEntry => {
  const { name, token_id, kind, roles, clients, evidence_kinds, intents, groups, expires_at } = record;
  const until = expires_at === null ? null : iso(expires_at);
  const data = { token_id, kind, roles, clients, evidence_kinds, intents, groups, expires_at: until };
  return auditEntry(parts, doer, { type: 'token_created', subject: name, data });
};

export const tokenRevoked = (parts: AuditParts, doer: Doer, { name, token_id }: TokenRecord): AuditEntry =>
  auditEntry(parts, doer, { type: 'token_revoked', subject: name, data: { token_id } });

/** An event of a journey, or something that was done beside them. */
export type AuditRow = Omit<AuditEntry, 'type' | 'data' | 'entry_id' | 'about_client'> & {
  readonly type: string;
  readonly client_id: string | null;
  /** Of an event: its number in the journey's history. */
  readonly seq: number | null;
  /** Of what is no event. */
  readonly entry_id: string | null;
  readonly data: JsonObject | null;
};

/** Where a page ends: rows are in the order of time, and within it of client, number and id. */
export type AuditPosition = {
  readonly at: Instant;
  readonly clientId: string;
  readonly seq: number;
  readonly entryId: string;
};

export type AuditQuery = {
  readonly actor?: string | undefined;
  readonly clientId?: string | undefined;
  readonly door?: string | undefined;
  readonly type?: string | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  /** Only what comes before it. */
  readonly before?: AuditPosition | undefined;
  readonly clients: readonly string[] | null;
  /** Whether what concerns no client alone is told, too. */
  readonly server: boolean;
  readonly now: Instant;
  readonly limit: number;
};

export type AuditReader = {
  /** The newest first. */
  readonly list: (query: AuditQuery) => Promise<readonly AuditRow[]>;
};
