import { SECOND, type Instant } from '#core/time.ts';
import type { Assignment, Clock, InProcessAgent, TaskOutcome } from './ports.ts';

/** Runs tasks by functions of this process: some at once, the others in the order in which they came. */
export type WorkerPool = {
  /** Whether this very attempt is waiting, running or being recorded. */
  readonly has: (key: string) => boolean;
  readonly add: (job: Job) => void;
  /** How many wait for a worker. */
  readonly waiting: () => number;
  /** Tells the jobs whose key begins so to stop; their results are dropped. */
  readonly cancel: (prefix: string) => void;
  /** Takes back what waits for a worker; what runs goes on. */
  readonly withdraw: (prefix: string) => void;
  /** Gives up what has run longer than it may. One look a second costs less than a timer a job. */
  readonly endOverdue: () => void;
  readonly stop: () => Promise<void>;
};

export type Job = {
  readonly key: string;
  readonly run: InProcessAgent | undefined;
  /** Asked for when a worker is free: inputs may be large, and many jobs may wait. */
  readonly assignment: () => Assignment;
  readonly timeout_ms: number;
  readonly ended: (assignment: Assignment, outcome: TaskOutcome) => Promise<void>;
};

type Running = {
  readonly job: Job;
  readonly cancel: AbortController;
  readonly since: Instant;
  /** Ends the wait for the function; null: nobody wants its result any more. */
  readonly end: (outcome: TaskOutcome | null) => void;
};

export function workerPool(size: number, clock: Clock): WorkerPool {
  const queue = new Map<string, Job>();
  const running = new Map<string, Running>();
  const recording = new Set<string>();
  let stopped = false;
  let idle = Promise.withResolvers<void>();

  function fill(): void {
    for (const [key, job] of queue) {
      if (running.size >= size) return;
      queue.delete(key);
      void perform(job);
    }
  }

  function withdraw(prefix: string): void {
    for (const key of queue.keys()) if (key.startsWith(prefix)) queue.delete(key);
  }

  async function perform(job: Job): Promise<void> {
    const assignment = job.assignment();
    const outcome = await result(job, assignment);
    running.delete(job.key);
    recording.add(job.key);
    // The worker is free for the next job while the result is being recorded.
    fill();
    try {
      if (outcome && !stopped) await job.ended(assignment, outcome);
    } finally {
      recording.delete(job.key);
      if (stopped && running.size + recording.size === 0) idle.resolve();
    }
  }

  function result(job: Job, assignment: Assignment): Promise<TaskOutcome | null> {
    const { run, key } = job;
    if (!run) return Promise.resolve(failed('agent.none', `No function does ${assignment.intent} here.`));
    return new Promise((end) => {
      const cancel = new AbortController();
      running.set(key, { job, cancel, since: clock.machine(), end });
      // Asynchronous from here on, so that a function which throws at once fails its attempt and not the pool.
      const answer = async () => run(assignment, cancel.signal);
      answer().then(
        (output) => end({ type: 'succeeded', output }),
        (error: unknown) => end(failed('task.failed', error instanceof Error ? error.message : String(error))),
      );
    });
  }

  return {
    has: (key) => queue.has(key) || running.has(key) || recording.has(key),
    add: (job) => {
      if (stopped) return;
      queue.set(job.key, job);
      fill();
    },
    waiting: () => queue.size,
    withdraw,
    cancel: (prefix) => {
      withdraw(prefix);
      for (const [key, { cancel, end }] of running) {
        if (!key.startsWith(prefix)) continue;
        cancel.abort('cancelled');
        end(null);
      }
    },
    endOverdue: () => {
      const now = clock.machine();
      for (const { job, cancel, since, end } of running.values()) {
        if (now - since <= job.timeout_ms) continue;
        cancel.abort('timed out');
        end(failed('task.timed_out', `No result within ${job.timeout_ms / SECOND} s.`));
      }
    },
    stop: async () => {
      stopped = true;
      queue.clear();
      for (const { cancel, end } of running.values()) {
        cancel.abort('the process stops');
        end(null);
      }
      if (running.size + recording.size === 0) return;
      await idle.promise;
    },
  };
}

const failed = (code: string, message: string): TaskOutcome => ({ type: 'failed', code, message, retryable: true });
