import type { Json, JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { Journey, JourneyStatus } from '#core/journey/journey.ts';
import type { PausedWaits } from '#core/journey/time-split.ts';
import type { AuditEntry, AuditReader } from './audit.ts';
import type { Configuration } from './configuration.ts';
import type { Breakers } from './breakers.ts';
import type { ClaimRoom } from './claims.ts';
import type { CollectionStore } from './collecting/collection-store.ts';
import type { Doctor } from './doctor.ts';
import type { EventCopy } from './event-relay/verify-stream.ts';
import type { Journal } from './journal.ts';
import type { AgentGateway, Clock, Ids, Plans } from './ports.ts';
import type { Role } from './principal.ts';
import type { ReadReport } from './reports.ts';
import type { VerifyStore } from './verify.ts';

/** What use-cases work with. */
export type Dependencies = {
  readonly journal: Journal;
  readonly journeys: JourneyReader;
  readonly plans: Plans;
  readonly configuration: Configuration;
  readonly agents: AgentGateway;
  readonly deliveries: DeliveryStore;
  readonly claims: ClaimRoom;
  readonly breakers: Breakers;
  readonly tokens: TokenStore;
  readonly audit: AuditReader;
  readonly people: PeopleStore;
  readonly slack: SlackProbe;
  readonly doctor: Doctor;
  readonly evidenceKinds: EvidenceKinds;
  /** What collectors could not bring for the client when they last tried. */
  readonly uncollected: CollectionStore['uncollected'];
  readonly readReport: ReadReport;
  readonly verification: VerifyStore;
  readonly erasure: ErasureStore;
  /** Null: there is no event store. */
  readonly eventCopy: EventCopy | null;
  readonly clock: Clock;
  readonly ids: Ids;
};

/** Reads for people: straight from the store, never from the journal's warm aggregates. */
export type JourneyReader = {
  readonly journey: (clientId: string) => Promise<Journey | null>;
  /** The versions of these clients' journeys; unknown clients are left out. */
  readonly versions: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly queuePosition: (journey: Journey) => Promise<number>;
  readonly list: (query: ListQuery) => Promise<readonly JourneyRow[]>;
  /** Ids that the given one may have meant. */
  readonly candidates: (clientId: string, limit: number) => Promise<readonly string[]>;
  readonly history: (clientId: string, after: number, limit: number) => Promise<readonly StoredEvent[]>;
  /** What was recorded about a unit of work and said about its tasks, in order. */
  readonly taskLog: (
    clientId: string,
    workId: string,
    after: LogPosition,
    limit: number,
  ) => Promise<readonly LogEntry[]>;
  readonly units: (clientId: string, stage: string | undefined) => Promise<readonly UnitRow[]>;
  readonly evidence: (clientId: string, limit: number) => Promise<readonly EvidenceRow[]>;
  readonly openApprovals: (
    clientId: string | undefined,
    clients: readonly string[] | null,
    limit: number,
  ) => Promise<readonly ApprovalRow[]>;
};

export type ListQuery = {
  readonly stage?: string | undefined;
  readonly status?: JourneyStatus | undefined;
  readonly startedBy?: string | undefined;
  /** Part of a client id. */
  readonly query?: string | undefined;
  /** The last client id of the page before. */
  readonly after?: string | undefined;
  readonly clients: readonly string[] | null;
  readonly limit: number;
};

export type JourneyRow = {
  readonly client_id: string;
  readonly status: JourneyStatus;
  readonly stage: string;
  readonly stage_entry: number;
  readonly version: number;
  readonly started_at: Instant;
  readonly stage_started_at: Instant;
  readonly config_hash: string;
  readonly paused_at: Instant | null;
  readonly waits: PausedWaits;
};

export type StoredEvent = {
  readonly seq: number;
  readonly type: string;
  readonly at: Instant;
  readonly actor: string;
  readonly door: string;
  readonly request_id: string;
  readonly data: JsonObject;
};

/** Progress comes after the event that was the newest when it was said. */
export type LogPosition = { readonly seq: number; readonly ordinal: number; readonly taskId: string };

export type LogEntry = {
  readonly seq: number;
  /** 0: an event; else the number of the progress within its attempt. */
  readonly ordinal: number;
  readonly task_id: string | null;
  readonly generation: number | null;
  readonly attempt: number | null;
  /** An event's type, or `progress`. */
  readonly type: string;
  readonly at: Instant;
  readonly actor: string;
  readonly door: string;
  readonly data: JsonObject;
};

export type UnitRow = {
  readonly work_id: string;
  readonly stage: string;
  readonly stage_entry: number;
  readonly template_id: string;
  readonly status: string;
  readonly created_at: Instant;
  readonly completed_at: Instant | null;
  readonly tasks: readonly {
    readonly task_id: string;
    readonly name: string;
    readonly intent: string;
    readonly state: string;
    readonly generation: number;
    readonly attempt: number;
    readonly error: Json;
    readonly missing: Json;
    readonly retry_at: Instant | null;
  }[];
};

export type EvidenceRow = {
  readonly seq: number;
  readonly kind: string;
  readonly subject: string;
  readonly value: Json;
  readonly observed_at: Instant;
  readonly source: string;
  readonly origin: string;
  readonly recorded_by: string;
  readonly stage_entry: number;
};

export type ApprovalRow = {
  readonly approval_id: string;
  readonly client_id: string;
  readonly stage: string;
  readonly check_id: string;
  readonly status: string;
  readonly digest: string;
  readonly outcomes: JsonObject;
  readonly approvers: Json;
  readonly min_approvals: number;
  readonly votes: Json;
  readonly reminders: number;
  readonly reminded_at: Instant | null;
  readonly requested_at: Instant;
  readonly expires_at: Instant;
};

/** The outbox for people: what is told outside, what became of it, and sending dead letters again. */
export type DeliveryStore = {
  readonly list: (query: DeliveryQuery) => Promise<readonly DeliveryRow[]>;
  readonly find: (key: DeliveryKey) => Promise<(DeliveryRow & { readonly message: JsonObject }) | null>;
  /** Makes dead letters due again, at most `limit`; answers how many. */
  readonly replay: (
    which: {
      readonly destination: string;
      readonly clientId?: string | undefined;
      readonly seq?: number | undefined;
      readonly clients: readonly string[] | null;
      readonly limit: number;
    },
    machineNow: Instant,
    /** Of so many. */
    audit: (replayed: number) => AuditEntry,
  ) => Promise<number>;
};

export type DeliveryKey = { readonly clientId: string; readonly destination: string; readonly seq: number };

export type DeliveryQuery = {
  readonly state?: DeliveryState | undefined;
  readonly clientId?: string | undefined;
  readonly destination?: string | undefined;
  /** The last one of the page before. */
  readonly after?: DeliveryKey | undefined;
  readonly clients: readonly string[] | null;
  readonly limit: number;
};

/** `unknown`: it may have arrived, and will be sent again. `dead`: tried often enough; only a replay sends it again. */
export const deliveryStates = ['waiting', 'unknown', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export type DeliveryRow = {
  readonly client_id: string;
  readonly destination: string;
  readonly seq: number;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly problem: string | null;
  readonly created_at: Instant;
  readonly last_attempt_at: Instant | null;
  readonly next_attempt_at: Instant | null;
  readonly delivered_at: Instant | null;
};

export type TokenRecord = {
  readonly token_id: string;
  readonly name: string;
  readonly kind: 'user' | 'agent';
  readonly roles: readonly Role[];
  readonly clients: readonly string[] | null;
  readonly evidence_kinds: readonly string[];
  readonly intents: readonly string[] | null;
  /** Names, as `group:<name>` in a criterion's approvers. */
  readonly groups: readonly string[];
  readonly local: boolean;
  readonly created_at: Instant;
  readonly expires_at: Instant | null;
  readonly revoked_at: Instant | null;
  readonly last_used_at: Instant | null;
};

export type TokenStore = {
  /** Answers false when a token of that name is in use already. */
  readonly add: (record: TokenRecord, hash: string, audit: AuditEntry) => Promise<boolean>;
  readonly find: (hash: string) => Promise<TokenRecord | null>;
  readonly list: () => Promise<readonly TokenRecord[]>;
  /** By name or id; answers what was revoked. */
  readonly revoke: (
    nameOrId: string,
    at: Instant,
    audit: (revoked: TokenRecord) => AuditEntry,
  ) => Promise<TokenRecord | null>;
  readonly touch: (tokenId: string, at: Instant) => Promise<void>;
};

export type ErasureStore = {
  /** Replaces what was said of the client before its tombstone; again does no harm. Null: something came after the tombstone. */
  readonly erase: (
    clientId: string,
  ) => Promise<{ readonly events: number; readonly observations: number; readonly messages: number } | null>;
};

/** Secrets that all replicas share. */
export type SecretStore = {
  /** The secret of that name; `fresh` becomes it where there is none yet. */
  readonly shared: (name: string, fresh: string, at: Instant) => Promise<string>;
};

/** The kinds of evidence that exist, and how an observation of one is read (implemented beside the validators). */
export type EvidenceKinds = {
  readonly names: readonly string[];
  readonly read: (kind: string, value: unknown, subject: string | undefined) => ReadEvidence;
};

export type ReadEvidence =
  | { readonly ok: true; readonly subject: string; readonly value: Json }
  | { readonly ok: false; readonly problem: string };

/** A person of another system, mapped to a principal of ours. Ended mappings stay, so that it can be told who was whom. */
export type PersonRecord = {
  readonly provider: 'slack';
  /** The person's own team, not the one whose channel they are in. */
  readonly team_id: string;
  readonly user_id: string;
  /** The same name as on a token is the same person: one person counts once over all doors. */
  readonly principal: string;
  readonly roles: readonly Role[];
  readonly clients: readonly string[] | null;
  readonly mapped_at: Instant;
  readonly mapped_by: string;
  readonly unmapped_at: Instant | null;
  readonly unmapped_by: string | null;
};

export type PeopleStore = {
  /** The mapping in force. */
  readonly find: (teamId: string, userId: string) => Promise<PersonRecord | null>;
  /** Those in force first, by principal. */
  readonly list: (limit: number) => Promise<readonly PersonRecord[]>;
  /** Ends the mapping in force, if there is one, and begins this one. */
  readonly map: (record: PersonRecord, audit: AuditEntry) => Promise<void>;
  /** Answers the mapping that ended. */
  readonly unmap: (
    teamId: string,
    userId: string,
    at: Instant,
    by: string,
    audit: (ended: PersonRecord) => AuditEntry,
  ) => Promise<PersonRecord | null>;
};

/** Looks at the Slack that is configured, without changing anything there; null: none is. */
export type SlackProbe = () => Promise<readonly SlackFinding[] | null>;

export type SlackFinding = {
  /** What was looked at: `token`, `scopes`, `channel C012AB3CD`. */
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do where it is not well. */
  readonly hint: string | null;
};
