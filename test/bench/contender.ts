/**
 * One way of doing the benchmark's work: a start, four tasks in sequence, a transition with four criteria results, one
 * task and then two in parallel, a transition; seven durable task results a journey.
 */
export type Contender = {
  readonly name: string;
  /** Brings all of them to production; starts them all first. */
  readonly batch: (prefix: string, clientIds: readonly string[]) => Promise<void>;
  /** One journey alone, from its start until it is in production. */
  readonly lone: (clientId: string) => Promise<void>;
  /** What was recorded, against what should have been. */
  readonly verify: (total: number) => Promise<string>;
  readonly stop: () => Promise<void>;
};

export type OpenContender = (url: string) => Promise<Contender>;

/** About 200 bytes of result, as a real agent's would be. */
export const artefact = 'x'.repeat(100);

export async function pool<T>(items: readonly T[], size: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(size, items.length) }, async () => {
      while (next < items.length) await work(items[next++] as T);
    }),
  );
}
