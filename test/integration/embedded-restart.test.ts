import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, startInput } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica } from '#test/support/engine/replicas.ts';

const CLIENTS = 25;
const TASKS = 7;
const WORKERS = 10;
/** So many tasks have ended when it is killed, and as many as it has workers are in its hands. */
const ENDED = 60;

describe('the embedded store in a data directory', () => {
  let dataDirectory: string;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'journey-restart-'));
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((one) => one.kill()));
    await rm(dataDirectory, { recursive: true, force: true });
  });

  async function replica(heldFrom?: number): Promise<Replica> {
    const held = heldFrom === undefined ? {} : { heldFrom };
    const started = await startReplica({ dataDirectory, lease_ms: 1_000, task_ms: 30, poolSize: WORKERS, ...held });
    replicas.push(started);
    return started;
  }

  test('I8 I12: its process is killed while tasks run; the next one goes on where it was, and loses nothing', async () => {
    const first = await replica(ENDED);
    expect(first.refused).toBeUndefined();
    const started = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) =>
        first.ask({ use_case: 'journey.start', input: startInput(`client-${index}`) }),
      ),
    );
    expect(started.every(({ ok }) => ok)).toBe(true);
    await eventually(
      () => Promise.resolve(first.called.length),
      (calls) => calls === ENDED + WORKERS,
    );
    await first.kill();

    const second = await replica();
    expect(second.refused).toBeUndefined();
    const verified = await eventually(
      () => second.ask({ verify: true }),
      ({ succeeded, broken }) => succeeded === CLIENTS * TASKS || broken.length > 0,
    );
    expect(verified).toMatchObject({ journeys: CLIENTS, stages: { pilot: CLIENTS }, broken: [] });
    expect(verified.takenOver).toBeGreaterThan(0);
  });

  test('S5: a second process on the directory is refused, naming the first; when that has gone it may', async () => {
    const first = await replica();
    const second = await replica();
    expect(second.refused).toContain(String(first.pid));
    await first.kill();
    expect((await replica()).refused).toBeUndefined();
  });
});
