import { cryptoIds } from '#adapters/ids.ts';
import type { Authenticate } from '#application/tokens.ts';
import { entrance, type Entrance } from '#http/entrance.ts';

/** The entrance without a limit that a test would come to. */
export const wideEntrance = (authenticate: Authenticate): Entrance =>
  entrance({
    authenticate,
    callsPerSecond: 100_000,
    refusalsPerSecond: 100_000,
    ids: cryptoIds,
    now: () => performance.now(),
  });
