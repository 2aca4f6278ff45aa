import type { Json } from '../json.ts';
import type { Instant } from '../time.ts';

/** Something that was seen, by whom, and when. Append-only: a newer observation succeeds an older one. */
export type Observation = {
  readonly kind: string;
  /** What it is about: the connector, the respondent, the bug; `-` where a kind has only one subject. */
  readonly subject: string;
  readonly value: Json;
  /** The source's own time (journey time). */
  readonly observedAt: Instant;
  /** What the sender calls its source; shown, never trusted. */
  readonly source: string;
  /** Who vouches, as authenticated here: `collector:<name>`, `task:<intent>`, `operator:<principal>`, `token:<name>`. */
  readonly origin: string;
  readonly recordedBy: string;
  /** The stage entry in which it was recorded: the fence against evidence from before a rollback. */
  readonly stageEntry: number;
};

/** The newest observation by kind, subject and origin. */
export type EvidenceBook = { readonly [kind: string]: readonly Observation[] };
