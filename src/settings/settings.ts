import type { Json } from '#core/json.ts';
import type { CollectorsSettings } from './collectors.ts';
import type { Route } from '#core/notices/route.ts';
import type { ConfigTexts } from './config-texts.ts';
import type { ConfigDocument } from './document.ts';
import type { routeNames } from './file-schemas.ts';
import type { Finding } from './findings.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-full';

export type StoreSettings = {
  readonly kind: 'embedded' | 'postgresql';
  readonly dataDir: string;
  /** Never null with kind postgresql. */
  readonly host: string | null;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string | null;
  readonly sslmode: SslMode;
  readonly poolMax: number;
  /** Null: the user above migrates too. */
  readonly migrationUser: string | null;
  readonly migrationPassword: string | null;
};

export type AgentsConfig = {
  readonly agents: readonly {
    readonly agentId: string;
    readonly cardUrl: string;
    readonly intents: readonly string[];
  }[];
  /** Only what the file says; for the others: a2a where an agent offers the intent, else pull. */
  readonly routes: { readonly [intent: string]: (typeof routeNames)[number] };
};

/** Where agents are found that no file names, and how all of them are reached. */
export type DiscoverySettings = {
  /** Origins that show a card of their own at the well-known path. */
  readonly wellKnown: readonly string[];
  /** Other names that agents give to an intent, as ids of their skills. */
  readonly aliases: { readonly [intent: string]: readonly string[] };
  /** Where cards and interfaces may be, beside the origins that an operator has named otherwise. */
  readonly allowedOrigins: readonly string[];
  /** A URL with `{id}` in it, to which requests for agents go; null: straight to their interfaces. */
  readonly broker: string | null;
  /** The URL of an AI Catalog; null: there is none. */
  readonly catalogue: string | null;
  /** Bearer tokens by the one origin that each is for. */
  readonly tokens: { readonly [origin: string]: string };
};

/** How long what is not needed any more is kept; null: for good. */
export type RetentionSettings = {
  readonly evidenceHistory_ms: number | null;
  readonly completedJourneys_ms: number | null;
  readonly deliveries_ms: number | null;
  readonly idempotencyKeys_ms: number | null;
};

/** Where calls to other systems may go. */
export type OutboundSettings = {
  /** CIDRs that are trusted though they are not public. */
  readonly allowedNetworks: readonly string[];
  readonly ports: readonly number[];
};

export type CrmSettings = {
  readonly url: string;
  readonly secrets: readonly string[];
  /** Whether X-Hub-Signature-256 is sent, too. */
  readonly hubSignature: boolean;
};

export type NotificationSettings = {
  /** `service`: somebody else tells people. `direct`: we do. */
  readonly mode: 'service' | 'direct' | 'off';
  readonly email: boolean;
  readonly slack: boolean;
  /** Null but in mode `service`. */
  readonly service: { readonly url: string; readonly secrets: readonly string[] } | null;
  /** Null unless mails go out directly. */
  readonly smtp: { readonly url: string; readonly tls: 'required' | 'optional'; readonly from: string } | null;
  readonly routes: readonly Route[];
};

export type EventStoreSettings = {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Null: the system's certificates. */
  readonly caFile: string | null;
  readonly user: string | null;
  /** Null: without TLS. */
  readonly password: string | null;
};

export type TelemetrySettings = {
  readonly endpoint: string;
  readonly headers: { readonly [name: string]: string };
  readonly serviceName: string;
  readonly ratio: number;
};

export type SlackSettings = {
  readonly botToken: string;
  /** The present one first; others while it is rotated. Empty with Socket Mode alone. */
  readonly signingSecrets: readonly string[];
  /** Null: requests come over HTTP. */
  readonly appToken: string | null;
  readonly apiUrl: string;
  /** `U…` of the app's own workspace, or `T…/U…`. */
  readonly admins: readonly string[];
  /** Null: nothing is told by itself. */
  readonly channel: string | null;
  readonly stageChannels: { readonly [stage: string]: string };
  readonly groupRoles: { readonly [groupId: string]: readonly string[] };
};

/** Whose tokens are taken beside our own, and what they say here. */
export type OidcSettings = {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly nameClaim: string;
  readonly rolesClaim: string;
  /** By a value of the roles claim: our roles, and `agent`, which is a kind. */
  readonly roles: { readonly [value: string]: readonly string[] };
  /** Null: every principal may see all clients. */
  readonly clientsClaim: string | null;
  readonly groupsClaim: string | null;
  readonly algorithms: readonly string[];
  readonly clockTolerance_ms: number;
};

/** Calls a second on average, a process: of one principal, and those without a valid token of one address. */
export type RateSettings = { readonly callsPerSecond: number; readonly refusalsPerSecond: number };

export type Settings = {
  readonly name: string;
  readonly version: string;
  readonly enabled: boolean;
  readonly http: { readonly host: string; readonly port: number; readonly publicUrl: string | null };
  readonly mcp: {
    /** Null: whatever names this machine and the public URL have. */
    readonly allowedHosts: readonly string[] | null;
    readonly allowedOrigins: readonly string[] | null;
    readonly callsPerSecond: number;
  };
  readonly store: StoreSettings;
  readonly lease_ms: number;
  readonly logLevel: LogLevel;
  readonly polling: { readonly cron: string };
  readonly workerPoolSize: number;
  readonly retention: RetentionSettings;
  readonly bootstrapToken: string | null;
  /** Null: only tokens of our own are taken. */
  readonly oidc: OidcSettings | null;
  readonly rates: RateSettings;
  readonly outbound: OutboundSettings;
  /** Null: transitions are not sent to a CRM. */
  readonly crm: CrmSettings | null;
  /** Null: without Slack. */
  readonly slack: SlackSettings | null;
  readonly notifications: NotificationSettings;
  /** Null: the journal alone has the events. */
  readonly eventStore: EventStoreSettings | null;
  /** Null: nothing is traced. */
  readonly telemetry: TelemetrySettings | null;
  readonly agents: AgentsConfig;
  readonly collectors: CollectorsSettings;
  readonly discovery: DiscoverySettings;
  readonly configDir: string;
  /** The only part that is hashed and pinned. */
  readonly document: ConfigDocument;
  /** What is valid and yet probably not what was meant. */
  readonly findings: readonly Finding[];
  /** By the setting's name; secrets come as ***. */
  readonly effective: ReadonlyMap<string, EffectiveValue>;
  readonly files: FilesAgain;
  /** What must stand in nothing that is written; a function, so that settings that are printed do not show it. */
  readonly secrets: () => readonly string[];
};

export type EffectiveValue = {
  readonly value: Json;
  /** `default`, the file, `environment NAME` or `command line NAME`. */
  readonly origin: string;
};

/** The files that the settings were made from, and how to make them again under the same variables. */
export type FilesAgain = {
  readonly texts: ConfigTexts;
  readonly look: () => ConfigTexts;
  /** The settings that such texts make; throws `settings.invalid` with every problem that there is. */
  readonly settingsOf: (texts: ConfigTexts) => Settings;
};
