import type { JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';

/** The last good copies of what agents and catalogues have shown, for all replicas. */
export type AgentCopies = {
  readonly find: (url: string) => Promise<AgentCopy | null>;
  readonly keep: (copy: AgentCopy, at: Instant) => Promise<void>;
};

export type AgentCopy = { readonly url: string; readonly body: JsonObject; readonly etag: string | null };

/** Where agents are found that no file names, as this process sees it. */
export type AgentSource = {
  readonly kind: 'well_known' | 'catalogue';
  /** The origin, or the URL of the catalogue. */
  readonly url: string;
  /** `stale`: it cannot be read, and its last good copy serves. `unread`: it cannot be read, and there is none. */
  readonly state: 'ok' | 'stale' | 'unread';
  /** How many agents it offers. */
  readonly agents: number;
  /** Machine time at which it was last read; null: not by this process. */
  readonly readAt: Instant | null;
  /** What is wrong with it, or with some of what it lists. */
  readonly problem: string | null;
};
