import { SECOND } from '#core/time.ts';

/** The one way in which everything ends before its time. */
export type Stopping = {
  readonly signal: AbortSignal;
  /** Ctrl-C; a second one does not wait for anything any more. */
  readonly interrupt: () => void;
  readonly fail: (reason: string) => void;
  readonly interrupted: () => boolean;
  /** Stops listening to signals and to the time. */
  readonly close: () => void;
};

export const INTERRUPTED = 130;
const CLEAN_UP_WITHIN_MS = 15 * SECOND;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function openStopping(deadline_ms: number | null): Stopping {
  const controller = new AbortController();
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) process.exit(INTERRUPTED);
    interrupted = true;
    controller.abort(new Error('Interrupted.'));
  };
  const fail = (reason: string): void => controller.abort(new Error(reason));
  const timers = deadline_ms === null ? [] : deadline(deadline_ms, fail);
  for (const name of SIGNALS) process.on(name, interrupt);
  return {
    signal: controller.signal,
    interrupt,
    fail,
    interrupted: () => interrupted,
    close: () => {
      for (const name of SIGNALS) process.off(name, interrupt);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Ends the story in time, and the process where even its clean-up hangs. */
function deadline(deadline_ms: number, fail: (reason: string) => void): readonly NodeJS.Timeout[] {
  const late = `Not done after ${deadline_ms / SECOND} s.`;
  const hard = (): never => {
    console.error(`${late} Cleaning up hangs, too.`);
    process.exit(1);
  };
  return [setTimeout(() => fail(late), deadline_ms), setTimeout(hard, deadline_ms + CLEAN_UP_WITHIN_MS)];
}
