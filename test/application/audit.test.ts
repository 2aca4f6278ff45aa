import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { postgresAuditReader, recordAudit } from '#adapters/postgres/audit-store.ts';
import { sleep } from '#adapters/clock.ts';
import { deafCrm, olga, openPilot } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';

const ada: Principal = { ...olga, id: 'ada', roles: ['admin'] };

describe.each([
  ['a PostgreSQL server', () => freshDatabase()],
  ['the embedded database', () => freshEmbedded()],
] as const)('the audit on %s', (_name, fresh) => {
  let at: FreshDatabase;
  let engine: Engine;
  let now = Date.UTC(2026, 0, 1);
  const clock: Clock = { journey: () => now, machine: () => now, sleep };

  beforeAll(async () => {
    at = await fresh();
    engine = await engineOn({
      database: at.database,
      clock,
      functions: scriptedAgents().functions,
      settings: { document: openPilot, ...deafCrm },
    });
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed', 60_000);
    now += 40 * DAY;
    await engine.call('journey.start', startInput('bright'), { ...olga, id: 'ben' });
    await engine.call('token.create', { name: 'ci', roles: ['operator'], clients: ['acme'], expires_in: '1d' }, ada);
    await engine.call('person.map', { team_id: 'T1', user_id: 'U1', name: 'ann', roles: ['approver'] }, ada);
    await engine.call('person.unmap', { team_id: 'T1', user_id: 'U1' }, ada);
    await engine.call('token.revoke', { token: 'ci' }, ada);
    now += 1_000;
    await engine.call('journey.pause', { client_id: 'acme', reason: 'a secret reason' });
  }, 240_000);
  afterAll(async () => {
    await engine.stop();
    await at.drop();
  });

  const audit = (input: Output = {}, as = ada): Promise<Output> => engine.call('audit.list', input, as);
  const types = async (input: Output, as = ada): Promise<readonly string[]> =>
    (await audit({ limit: 500, ...input }, as)).entries.map(({ type }: Output) => type);

  test('I16: shows who did what, when, by which door and with which request, the newest first', async () => {
    const { entries } = await audit({ limit: 1 });
    expect(entries).toEqual([
      {
        id: expect.stringMatching(/^evt-acme:\d+$/),
        at: new Date(now).toISOString(),
        actor: 'olga',
        door: 'rest',
        type: 'journey_paused',
        subject: 'acme',
        client_id: 'acme',
        seq: expect.any(Number),
        request_id: expect.stringMatching(/^test-/),
        data: null,
      },
    ]);
    expect(JSON.stringify(await audit({ limit: 500 }))).not.toContain('a secret reason');
  });

  test('I16: also shows what is of no journey, each with what it was done to', async () => {
    const { entries } = await audit({ actor: 'ada' });
    expect(entries.map(({ type, subject, door }: Output) => [type, subject, door]).toSorted()).toEqual([
      ['person_mapped', 'ann', 'rest'],
      ['person_unmapped', 'ann', 'rest'],
      ['token_created', 'ci', 'rest'],
      ['token_revoked', 'ci', 'rest'],
    ]);
    expect(entries.find(({ type }: Output) => type === 'token_created').data).toMatchObject({
      roles: ['operator'],
      clients: ['acme'],
      expires_at: expect.stringMatching(/Z$/),
    });
    expect(await types({ door: 'start' })).toEqual(
      expect.arrayContaining(['config_activated', 'token_created', 'token_created']),
    );
  });

  test('dead letters that are sent again are told with who did it, and of which client', async () => {
    await at.database.query(`update outbox set state = 'dead' where client_id = 'acme'`);
    const { replayed } = await engine.call('delivery.replay_all', { destination: 'crm', client_id: 'acme' }, olga);
    expect(replayed).toBeGreaterThan(0);
    expect((await audit({ type: 'deliveries_replayed' })).entries).toMatchObject([
      { actor: 'olga', subject: 'crm', client_id: 'acme', data: { count: replayed } },
    ]);
    await engine.call('delivery.replay_all', { destination: 'crm', client_id: 'acme' }, olga);
    expect(await types({ type: 'deliveries_replayed' }), 'what did nothing is not told').toHaveLength(1);
  });

  test('its filters find by actor, client, door, type and time', async () => {
    expect(new Set((await audit({ actor: 'ben' })).entries.map(({ client_id }: Output) => client_id))).toEqual(
      new Set(['bright']),
    );
    const ofAcme = (await audit({ client_id: 'acme', limit: 500 })).entries;
    expect(ofAcme.length).toBeGreaterThan(5);
    expect(ofAcme.every(({ client_id }: Output) => client_id === 'acme')).toBe(true);
    expect(await types({ type: 'journey_started' })).toHaveLength(2);
    expect(new Set((await audit({ door: 'agent' })).entries.map(({ door }: Output) => door)).size).toBeLessThan(2);
    const month = new Date(now - 20 * DAY).toISOString();
    expect(await types({ type: 'journey_started', to: month })).toHaveLength(1);
    expect(await types({ type: 'journey_started', from: month })).toHaveLength(1);
    expect(await types({ type: 'journey_started', from: month, to: month })).toEqual([]);
  });

  test('its pages follow each other without a gap and without saying anything twice, whatever is at one instant', async () => {
    const whole = (await audit({ limit: 500 })).entries.map(({ id }: Output) => id);
    expect(new Set(whole).size).toBe(whole.length);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Output = await audit({ limit: 3, ...(cursor === null ? {} : { cursor }) });
      expect(page.entries.length).toBeLessThanOrEqual(3);
      paged.push(...page.entries.map(({ id }: Output) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(paged).toEqual(whole);
  });

  test('I15: who may see some clients is told of these alone, and of the server admins alone', async () => {
    const scoped = (await audit({ limit: 500 }, { ...olga, clients: ['acme'] })).entries;
    expect(new Set(scoped.map(({ client_id }: Output) => client_id))).toEqual(new Set(['acme']));
    const operator = await types({}, olga);
    expect(operator).toContain('journey_started');
    expect(operator).not.toContain('token_created');
    expect(await engine.refused('audit.list', { client_id: 'bright' }, { ...olga, clients: ['acme'] })).toMatchObject({
      code: 'journey.unknown',
    });
    expect(await engine.refused('audit.list', {}, { ...olga, roles: ['viewer'] })).toMatchObject({
      code: 'auth.forbidden',
    });
    expect(await engine.refused('audit.list', {}, { ...ada, kind: 'agent' })).toMatchObject({ code: 'auth.forbidden' });
  });

  test.each([
    [{ cursor: 'x' }, 'cursor'],
    [{ from: 'yesterday' }, 'from'],
    [{ door: 'window' }, 'door'],
    [{ type: 'DROP TABLE' }, 'type'],
    [{ limit: 501 }, 'limit'],
  ])('%j is refused by name', async (input, field) => {
    expect(await engine.refused('audit.list', input, ada)).toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining(field),
    });
  });

  test('an entry stands exactly where what it tells of does: a token that was not made is not told', async () => {
    await engine.call('token.create', { name: 'twice' }, ada);
    await engine.refused('token.create', { name: 'twice' }, ada);
    expect(await types({ type: 'token_created', actor: 'ada', from: new Date(now - HOUR).toISOString() })).toHaveLength(
      2,
    );
  });

  test('of many that are of different times each page is found without a look at all of them', async () => {
    const old = { type: 'token_created', actor: 'old', door: 'cli', request_id: 'r', subject: 's', data: {} } as const;
    for (let year = 1; year <= 3; year += 1)
      await recordAudit(at.database.query, {
        ...old,
        entry_id: `aud-${year}`,
        at: now - year * 400 * DAY,
        about_client: null,
      });
    const rows = await postgresAuditReader(at.database).list({
      actor: 'old',
      clients: null,
      server: true,
      now,
      limit: 10,
    });
    expect(rows.map(({ entry_id }) => entry_id)).toEqual(['aud-1', 'aud-2', 'aud-3']);
  });
});
