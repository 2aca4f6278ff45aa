import type { Instant } from '#core/time.ts';

/** Worst first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** By which labels, priorities or other words a tracker says how bad a bug is. */
export type SeverityWords = { readonly [severity in Severity]: readonly string[] } & {
  /** Of a bug that has none of them. */
  readonly otherwise: Severity;
};

/** An issue tracker, as far as bugs of clients go. A client is known there by a name: its label, or a field's value. */
export type Tracker = {
  /** Of its collector. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** Every bug of these clients that is open, and those that were closed since. Throws, in a clause, where it cannot say. */
  readonly bugs: (clientNames: readonly string[], since: Instant, signal: AbortSignal) => Promise<FoundBugs>;
  /** Which of these names exist there at all: nothing is ever filed under one that is misspelt. */
  readonly known: (clientNames: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
};

export type FoundBugs = {
  readonly bugs: readonly FoundBug[];
  /** False: there are more than are read. */
  readonly complete: boolean;
};

export type FoundBug = {
  readonly id: string;
  /** The names of clients that it bears, among others that mean nothing here. */
  readonly names: readonly string[];
  readonly severity: Severity;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
};

/** The worst that any of the words says, however they are capitalised. */
export function severityOf(words: readonly string[], { otherwise, ...of }: SeverityWords): Severity {
  const said = new Set(words.map((word) => word.toLowerCase()));
  return severities.find((severity) => of[severity].some((word) => said.has(word.toLowerCase()))) ?? otherwise;
}

/** Pages of a hundred that are read of one question. */
export const MOST_PAGES = 20;
