import type { Ask } from './ask.ts';
import type { Environment } from './environment.ts';
import type { Paper } from './render/paper.ts';

/** What a verb has at hand while it runs. */
export type Session = {
  readonly ask: Ask;
  /** The idempotency key of the write. */
  readonly key: string;
  readonly paper: Paper;
  readonly readFile: Environment['readFile'];
  /** Says something before the answer; nothing is said where the answer is for a program. */
  readonly say: (lines: readonly string[]) => void;
};
