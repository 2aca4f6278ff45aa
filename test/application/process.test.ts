import { expect, test } from 'vitest';
import { joinReplicas, type ProcessStore } from '#application/process.ts';
import { SECOND } from '#core/time.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

test('I13: a process whose lease is over holds none until it has a new epoch, however late it notices', async () => {
  const steady = virtualClock();
  let ahead_ms = 0;
  const clock = { ...steady, machine: () => steady.machine() + ahead_ms };
  let epochs = 0;
  let lives = true;
  const store: ProcessStore = {
    register: () => Promise.resolve((epochs += 1)),
    renew: () => Promise.resolve(lives),
    leave: () => Promise.resolve(),
  };
  const process = await joinReplicas(store, clock, quiet, { name: 'one', lease_ms: 3 * SECOND });
  expect([process.epoch(), process.holdsLease()]).toEqual([1, true]);

  await steady.advance(10 * SECOND);
  expect([process.epoch(), process.holdsLease()]).toEqual([1, true]);

  // As a process that was stopped sees it: the clock has gone on, and nothing of its own has run yet.
  ahead_ms = 4 * SECOND;
  expect([process.epoch(), process.holdsLease()]).toEqual([1, false]);

  lives = false;
  await steady.advance(SECOND);
  expect([process.epoch(), process.holdsLease()]).toEqual([2, true]);
  lives = true;
  await Promise.all([process.stop(), steady.advance(SECOND)]);
});
