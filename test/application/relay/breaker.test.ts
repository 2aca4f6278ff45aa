import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closed } from '#core/breaker.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import { delivered, failed, relayStage, type RelayStage } from '#test/support/outbound/relay-stage.ts';

const clientsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('the circuit breaker of a destination', { timeout: 120_000 }, () => {
  let stage: RelayStage;

  beforeEach(async () => {
    stage = await relayStage();
  });
  afterEach(() => stage.close());

  test('S58: what one replica finds to be down is left alone by the other, and both send again once probes went well', async () => {
    const [here, there] = [stage.scripted('crm', () => failed), stage.scripted('crm', () => failed)];
    const other = stage.breakersAnew();
    const first = stage.relayTo([here]);
    stage.relayTo([there], stage.outbox, other);
    await Promise.all(clientsOf('a', 10).map(stage.begin));
    first.look();
    await first.idle();
    expect(here.calls).toHaveLength(10);
    expect(stage.alerts).toEqual(['breaker_open: dependency:crm failed 5 times in a row: its calls wait.']);

    await other.refresh();
    await Promise.all(clientsOf('b', 10).map(stage.begin));
    await stage.passing(50 * SECOND, 10 * SECOND);
    expect(there.calls, 'it has not called once').toHaveLength(0);

    for (const one of [here, there]) one.answer = () => delivered;
    await stage.passing(5 * MINUTE, 10 * SECOND);
    expect(await stage.states()).toEqual({ delivered: 20 });
    expect(stage.breakersAnew().view().size).toBe(0);
    await other.refresh();
    expect(other.view().get('dependency:crm') ?? closed).toEqual(closed);
    const [row] = await stage.database.query<{ most: number }>('select max(failures) as most from outbox');
    expect(row?.most, 'no attempt was burnt while it was open').toBe(1);
    expect(stage.alerts, 'one of them told, once').toHaveLength(1);
  });

  test('S60: while it is half-open replicas send one probe each, never more than three; a failed one opens it again', async () => {
    const open: (() => void)[] = [];
    const slow = () => new Promise((resolve) => open.push(() => resolve(failed)));
    const destinations = [1, 2, 3, 4, 5].map(() => stage.scripted('crm', () => failed));
    const relays = await Promise.all(
      destinations.map(async (destination) => {
        const breakers = stage.breakersAnew();
        return { relay: stage.relayTo([destination], stage.outbox, breakers), breakers };
      }),
    );
    await Promise.all(clientsOf('c', 20).map(stage.begin));
    relays[0]?.relay.look();
    await relays[0]?.relay.idle();
    for (const { breakers } of relays) await breakers.refresh();
    const before = destinations.reduce((sum, { calls }) => sum + calls.length, 0);
    for (const one of destinations) one.answer = slow;
    await stage.clock.advance(MINUTE);
    for (const { relay } of relays) relay.look();
    const calls = () => destinations.reduce((sum, one) => sum + one.calls.length, 0) - before;
    while (calls() < 3) await stage.clock.advance(0);
    for (let turns = 0; turns < 50; turns += 1) await stage.clock.advance(0);
    expect(calls()).toBe(3);
    for (const end of open) end();
    await Promise.all(relays.map(({ relay }) => relay.idle()));
    const anew = stage.breakersAnew();
    await anew.refresh();
    expect(anew.view().get('dependency:crm')).toMatchObject({ status: 'open' });
    const [row] = await stage.database.query<{ most: number }>('select max(failures) as most from outbox');
    expect(row?.most).toBe(1);
  });

  test('one bad message opens it for nobody, however often it fails', async () => {
    const crm = stage.scripted('crm', ({ clientId }) => (clientId === 'bad' ? failed : delivered));
    stage.relayTo([crm]);
    await stage.begin('bad');
    await stage.look();
    await stage.passing(20 * 60 * MINUTE, 5 * MINUTE);
    expect(crm.calls.length).toBeGreaterThanOrEqual(5);
    expect(stage.alerts).toEqual([]);
    await stage.begin('good');
    await stage.look();
    expect(await stage.states()).toEqual({ delivered: 1, unknown: 1 });
  });

  test('destinations that depend on the same thing share one, and others do not', async () => {
    const down = { ...stage.scripted('crm', () => failed), dependency: 'smtp' };
    const shares = { ...stage.scripted('chat', () => failed), dependency: 'smtp' };
    stage.relayTo([down, shares]);
    await Promise.all(clientsOf('d', 10).map(stage.begin));
    await stage.look();
    await Promise.all(clientsOf('d', 10).map(stage.end));
    await stage.look();
    expect(shares.calls).toEqual([]);
    expect(stage.alerts).toEqual(['breaker_open: dependency:smtp failed 5 times in a row: its calls wait.']);
  });
});
