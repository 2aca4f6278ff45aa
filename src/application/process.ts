import type { Clock, Logger } from './ports.ts';

/** This process among the replicas: its epoch is the fence of the units of work that it continues. */
export type Process = {
  readonly epoch: () => number;
  /** False from the end of a lease that was not renewed until the new epoch: nothing may be begun under the old one. */
  readonly holdsLease: () => boolean;
  /** Renews the lease until stopped; a lapsed lease means a new epoch, since others may have taken our units over. */
  readonly stop: () => Promise<void>;
};

export type ProcessStore = {
  readonly register: (name: string, machineNow: number, leaseUntil: number) => Promise<number>;
  /** False when the lease was over already. */
  readonly renew: (epoch: number, machineNow: number, leaseUntil: number) => Promise<boolean>;
  /** Gives the lease back, so that others need not wait for it to run out. */
  readonly leave: (epoch: number, machineNow: number) => Promise<void>;
};

export async function joinReplicas(
  store: ProcessStore,
  clock: Clock,
  logger: Logger,
  { name, lease_ms }: { readonly name: string; readonly lease_ms: number },
): Promise<Process> {
  let leaseUntil = 0;
  /** The lease is as long as it was asked for, whenever the answer comes: ours must never seem longer than it is. */
  async function leased<T>(
    ask: (now: number, until: number) => Promise<T>,
    isOurs: (answer: T) => boolean,
  ): Promise<T> {
    const now = clock.machine();
    const answer = await ask(now, now + lease_ms);
    if (isOurs(answer)) leaseUntil = now + lease_ms;
    return answer;
  }
  const register = () =>
    leased(
      (now, until) => store.register(name, now, until),
      () => true,
    );
  const renew = () =>
    leased(
      (now, until) => store.renew(epoch, now, until),
      (renewed) => renewed,
    );
  let epoch = await register();
  const stopping = new AbortController();
  const renewing = renewUntilStopped();

  async function renewUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(lease_ms / 3, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        if (await renew()) continue;
        const lapsed = epoch;
        epoch = await register();
        logger.warn('The lease had run out; this process goes on under a new epoch.', { lapsed, epoch });
      } catch (error) {
        logger.warn('The lease could not be renewed.', { epoch, error: String(error) });
      }
    }
  }

  return {
    epoch: () => epoch,
    holdsLease: () => clock.machine() < leaseUntil,
    stop: async () => {
      stopping.abort();
      await renewing;
      await store.leave(epoch, clock.machine()).catch(() => undefined);
    },
  };
}
