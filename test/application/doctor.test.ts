import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOf, buildText } from '#application/build.ts';
import { doctorOf } from '#application/doctor.ts';
import type { Principal } from '#application/principal.ts';
import type { Finding, Probe } from '#application/probes.ts';
import { olga } from '#test/support/engine/fixtures.ts';
import { engineOn, type Engine } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const fine: readonly Finding[] = [{ state: 'ok', said: 'fine' }];
const probe = (name: string, look: Probe['look']): Probe => ({ name, look });

describe('looking at everything that is configured', () => {
  test('one that does not answer is given up after ten seconds and told so; the others have their answer', async () => {
    const clock = virtualClock();
    let gaveUp = false;
    const silent = probe('silent', (signal) => {
      signal.addEventListener('abort', () => (gaveUp = true));
      return new Promise(() => undefined);
    });
    const doctor = doctorOf([probe('quick', () => Promise.resolve(fine)), silent], clock);
    const looking = doctor();
    await clock.advance(10_000);
    const [quick, late] = await looking;
    expect(quick).toEqual({ name: 'quick', took_ms: 0, findings: fine });
    expect(late).toMatchObject({ name: 'silent', took_ms: 10_000, findings: [{ state: 'failed' }] });
    expect(late?.findings[0]?.said).toBe('No answer within 10 s.');
    expect(gaveUp).toBe(true);
    expect(clock.sleepers()).toBe(0);
  });

  test('one that breaks is told as broken', async () => {
    const broken = probe('broken', () => Promise.reject(new Error('a bug')));
    const [found] = await doctorOf([broken], virtualClock())();
    expect(found?.findings).toEqual([{ state: 'failed', said: 'It could not be looked at: Error: a bug' }]);
  });

  test('many who ask at once are one look, and who asks later is another', async () => {
    let looks = 0;
    const counted = probe('counted', () => {
      looks += 1;
      return Promise.resolve(fine);
    });
    const doctor = doctorOf([counted], virtualClock());
    await Promise.all([doctor(), doctor(), doctor()]);
    expect(looks).toBe(1);
    await doctor();
    expect(looks).toBe(2);
  });
});

describe('the doctor of a running orchestrator', () => {
  let at: FreshDatabase;
  let engine: Engine;
  beforeAll(async () => {
    at = await freshEmbedded();
    engine = await engineOn({ database: at.database, functions: {} });
  });
  afterAll(async () => {
    await engine.stop();
    await at.drop();
  });

  async function findingsOf(probed: string): Promise<readonly Finding[]> {
    const { probes } = await engine.call('server.check', {});
    return probes.find(({ name }: { name: string }) => name === probed).findings;
  }

  test('looks at the server, its database, its files and what they name', async () => {
    const { ok, probes } = await engine.call('server.check', {});
    const names = probes.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['server', 'database', 'configuration', 'crm', 'slack']));
    expect(new Set(names).size).toBe(names.length);
    expect(ok).toBe(true);
    expect(await findingsOf('slack')).toEqual([{ state: 'off', said: 'SLACK_BOT_TOKEN is not set.', hint: null }]);
  });

  test('is for operators: whoever only reads, and any agent, is refused', async () => {
    const viewer: Principal = { ...olga, id: 'vic', roles: ['viewer'] };
    const agent: Principal = { ...olga, id: 'bot', kind: 'agent' };
    expect((await engine.refused('server.check', {}, viewer)).code).toBe('auth.forbidden');
    expect((await engine.refused('server.check', {}, agent)).code).toBe('auth.forbidden');
  });

  test('S5: of the embedded database it says what that does not cover, and nothing of connections', async () => {
    const told = JSON.stringify(await findingsOf('database'));
    expect(told).toContain('a loss of power is not covered');
    expect(told).not.toContain('connections');
  });

  test('a database that does not answer as it should is a finding, and no failure of the call', async () => {
    await at.database.query('alter table schema_migrations rename to schema_migrations_elsewhere');
    expect(await findingsOf('database')).toEqual([
      { state: 'failed', said: expect.stringContaining('schema_migrations'), hint: expect.any(String) },
    ]);
    expect((await engine.call('server.check', {})).ok).toBe(false);
  });
});

test('a build is told by its version, and by its commit where that is known', () => {
  const commit = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
  expect(buildText(buildOf({ version: '1.2.0', gitHead: commit }))).toBe('1.2.0 (0a1b2c3d4e5f)');
  expect(buildText(buildOf({ version: '1.2.0' }))).toBe('1.2.0');
  expect(buildOf({ version: '1.2.0', gitHead: '' }).commit).toBeNull();
});
