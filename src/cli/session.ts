import type { Ask } from './ask.ts';
import type { Connection } from './connection.ts';
import type { Environment } from './environment.ts';
import type { Paper } from './render/paper.ts';

/** What a verb has at hand while it runs. */
export type Session = {
  readonly ask: Ask;
  /** Where the server is, and where the token came from. */
  readonly connection: Pick<Connection, 'base' | 'token' | 'tokenFrom'>;
  /** The idempotency key of the write. */
  readonly key: string;
  readonly paper: Paper;
  readonly readFile: Environment['readFile'];
  /** Says something before the answer; nothing is said where the answer is for a program. */
  readonly say: (lines: readonly string[]) => void;
  /** Writes over what was drawn before on a terminal (`redraws`), and below it elsewhere. */
  readonly draw: (lines: readonly string[]) => void;
  readonly redraws: boolean;
  readonly pause: (wait_ms: number) => Promise<void>;
};
