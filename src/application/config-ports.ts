import type { Json, JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { AuditEntry } from './audit.ts';

/** The names under which files are handed in; those that are left out are taken from the server's folder. */
export const configFileNames = [
  'journey-orchestrator.yaml',
  'stages.yaml',
  'unit-of-work-templates.yaml',
  'agents.yaml',
  'collectors.yaml',
  'notifications.yaml',
] as const;
export type ConfigFileName = (typeof configFileNames)[number];

export type ConfigProblem = {
  readonly where: string;
  readonly path: string;
  readonly value?: string;
  readonly allowed: string;
};

/** Valid, and yet probably not what was meant. */
export type ConfigFinding = {
  readonly code: string;
  readonly level: 'error' | 'warning' | 'info';
  readonly at: string;
  readonly message: string;
  readonly hint: string;
};

/** One setting in force: `stages[pilot].order`. Secrets come as ***. */
export type ConfigValue = { readonly key: string; readonly value: Json; readonly origin: string };

/** What files come to with this server's variables above them. */
export type LoadedConfig = {
  readonly hash: string;
  readonly label: string;
  /** The part that decides about journeys: what is hashed, stored and pinned. */
  readonly document: JsonObject;
  readonly stages: readonly string[];
  readonly values: readonly ConfigValue[];
  readonly findings: readonly ConfigFinding[];
};

export type ConfigLoad =
  | { readonly ok: true; readonly config: LoadedConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** One look at the files. Loading makes something of exactly what was seen, whatever is written meanwhile. */
export type ConfigLook = { readonly digest: string; readonly load: () => ConfigLoad };

/** The files of this server (implemented by the settings). */
export type ConfigFiles = {
  readonly folder: string;
  /** What the process was started with, and the digest of the look that it was made from. */
  readonly started: LoadedConfig;
  readonly startedDigest: string;
  readonly look: () => ConfigLook;
  readonly given: (texts: { readonly [name in ConfigFileName]?: string }) => ConfigLook;
  /** A document's keys and values, as `values` names them. */
  readonly valuesIn: (document: JsonObject) => ReadonlyMap<string, Json>;
  /** JSON Schema of each file. */
  readonly schemas: Readonly<Record<ConfigFileName, Json>>;
};

/** Makes a version the one that the next stage entries pin. */
export type Activation = {
  readonly hash: string;
  readonly activated_by: string;
  /** `start`, `reload`, or the door of whoever asked for it. */
  readonly door: string;
  readonly process: string;
  readonly activated_at: Instant;
};

export type RecordedActivation = Activation & { readonly activation: number; readonly label: string };

/** Clients in a stage that a configuration does not have; of their ids the first ten. */
export type Stranded = { readonly stage: string; readonly count: number; readonly clients: readonly string[] };

/** Files that one process could not take up: the last time that it was so. */
export type ReloadFailure = {
  readonly process: string;
  readonly failed_at: Instant;
  readonly problems: readonly ConfigProblem[];
  readonly stranded: readonly Stranded[];
  /** null: it still stands. */
  readonly mended_at: Instant | null;
};

export type ConfigStore = {
  /** Keeps a version; the same hash again changes nothing. */
  readonly keep: (hash: string, label: string, document: JsonObject, at: Instant) => Promise<void>;
  readonly document: (hash: string) => Promise<JsonObject | null>;
  /** Answers false where the version decides already: of several replicas with the same files one activates it. */
  readonly activate: (activation: Activation, audit: AuditEntry) => Promise<boolean>;
  readonly active: () => Promise<string | null>;
  /** The newest first, below `before`. */
  readonly activations: (limit: number, before?: number) => Promise<readonly RecordedActivation[]>;
  /** Whom a configuration with only these stages would leave behind. */
  readonly stranded: (stages: readonly string[]) => Promise<readonly Stranded[]>;
  readonly failed: (failure: Omit<ReloadFailure, 'mended_at'>) => Promise<void>;
  /** Failures of this process, and of processes that are gone, are over. */
  readonly mended: (process: string, at: Instant, machineNow: Instant) => Promise<void>;
  readonly failures: (limit: number) => Promise<readonly ReloadFailure[]>;
};
