import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Logger } from '#application/ports.ts';
import { compose } from '#src/composition/compose.ts';
import type { Database } from '#adapters/postgres/database.ts';
import type { Settings } from '#settings/settings.ts';
import { loopback, olga, openPilot, quiet, settingsWith } from '#test/support/engine/fixtures.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { answering, receiver, type Receiver } from '#test/support/outbound/receiver.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';

const SECRET = 'canary-of-the-crm-secret';

describe('the CRM webhook in the whole product', { timeout: 180_000 }, () => {
  let crm: Receiver;
  let engine: Engine;
  let lines: string[];

  beforeEach(async () => {
    crm = await receiver();
    lines = [];
  });
  afterEach(async () => {
    await engine.stop();
    await crm[Symbol.asyncDispose]();
  });

  const log = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  async function open(settings: Partial<Settings> = {}, database?: Database, keepDatabase = false): Promise<void> {
    engine = await engineOn({
      database: database ?? (await freshEmbedded()).database,
      keepDatabase,
      functions: scriptedAgents().functions,
      logger,
      settings: {
        document: openPilot,
        crm: { url: crm.url, secrets: [SECRET], hubSignature: true },
        outbound: loopback,
        ...settings,
      },
    });
  }
  const types = () => crm.received.map(({ body }) => String(body.type));
  const told = (count: number) =>
    eventually(
      () => Promise.resolve(types()),
      (now) => now.length >= count,
      90_000,
    );
  const delivery = (delivery_id: string) => engine.call('delivery.show', { delivery_id });

  test('S38: start, promotion, rollback and completion reach the CRM in their order', async () => {
    await open();
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage }) => stage === 'pilot', 90_000);
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'a test' });
    await engine.call('journey.complete', { client_id: 'acme', reason: 'over' });
    const all = await told(4);
    expect(all.filter((type, index) => index === 0 || type !== all[index - 1])).toEqual([
      'journey.started',
      'journey.promoted',
      'journey.rolled_back',
      // The sandbox's work may have been done again before the end.
      ...(all.filter((type) => type === 'journey.promoted').length > 1 ? ['journey.promoted'] : []),
      'journey.completed',
    ]);
  });

  test('S1: while the orchestrator is disabled messages are kept and nobody is called; enabled again it sends them', async () => {
    const at = await freshEmbedded();
    await open({}, at.database, true);
    await engine.call('journey.start', startInput('acme'));
    await told(2);
    await engine.stop();
    // At least once: what was under way at the stop may have arrived as well.
    const before = crm.received.length;
    await open({ enabled: false }, at.database, true);
    await engine.call('journey.complete', { client_id: 'acme', reason: 'over' });
    const { deliveries } = await engine.call('delivery.list', { state: 'waiting' });
    expect(deliveries).toMatchObject([{ type: 'journey.completed', attempts: 0 }]);
    await engine.stop();
    expect(crm.received).toHaveLength(before);
    await open({}, at.database);
    await told(before + 1);
  });

  test('S40: dead letters are listed, shown and sent again; what is not dead is refused', async () => {
    await open();
    crm.reply(answering(413, {}, 'too much'));
    await engine.call('journey.start', startInput('acme'));
    const { deliveries } = await eventually(
      () => engine.call('delivery.list', { state: 'dead', client_id: 'acme', destination: 'crm' }),
      (page) => page.deliveries.length > 0,
      90_000,
    );
    const [{ delivery_id }] = deliveries;
    expect(await delivery(delivery_id)).toMatchObject({
      client_id: 'acme',
      destination: 'crm',
      state: 'dead',
      attempts: 1,
      problem: 'It answered HTTP 413: too much',
      message: { type: 'journey.started', data: { client_id: 'acme', to: 'sandbox' } },
    });
    crm.reply(answering(204));
    expect(await engine.call('delivery.replay', { delivery_id })).toMatchObject({ state: 'unknown', problem: null });
    await eventually(
      () => delivery(delivery_id),
      ({ state }) => state === 'delivered',
      90_000,
    );
    expect(crm.received.filter(({ body }) => body.id === delivery_id)).toHaveLength(2);
    expect(await engine.refused('delivery.replay', { delivery_id })).toMatchObject({ code: 'delivery.not_dead' });
    expect(await engine.refused('delivery.show', { delivery_id: 'dlv-acme:crm:999' })).toMatchObject({
      code: 'delivery.unknown',
    });
    expect(await engine.refused('delivery.show', { delivery_id: 'dlv-acme' })).toMatchObject({ code: 'input.invalid' });
  });

  test('S40 I15: a caller of some clients sees and replays their deliveries only, and a viewer replays none', async () => {
    await open();
    crm.reply(answering(413));
    await Promise.all(['acme', 'other'].map((client) => engine.call('journey.start', startInput(client))));
    await eventually(
      () => engine.call('delivery.list', { state: 'dead' }),
      (page) => new Set(page.deliveries.map(({ client_id }: { client_id: string }) => client_id)).size === 2,
      90_000,
    );
    const limited = { ...olga, clients: ['acme'] };
    const { deliveries } = await engine.call('delivery.list', {}, limited);
    expect([...new Set(deliveries.map(({ client_id }: { client_id: string }) => client_id))]).toEqual(['acme']);
    const foreign = { delivery_id: 'dlv-other:crm:2' };
    expect(await engine.refused('delivery.show', foreign, limited)).toMatchObject({ code: 'journey.unknown' });
    expect(await engine.refused('delivery.replay', foreign, limited)).toMatchObject({ code: 'journey.unknown' });
    const viewer = { ...olga, roles: ['viewer' as const] };
    expect(await engine.refused('delivery.replay', foreign, viewer)).toMatchObject({ code: 'auth.forbidden' });
    await engine.call('delivery.replay_all', { destination: 'crm' }, limited);
    expect(
      (await engine.call('delivery.list', { state: 'dead', client_id: 'other' })).deliveries.length,
    ).toBeGreaterThan(0);
    const replayed = await engine.call('delivery.replay_all', { destination: 'crm', client_id: 'other' });
    expect(replayed).toMatchObject({ destination: 'crm', more: false });
  });

  test('S40 I18: the secret stands in no log line, no problem and no row', async () => {
    await open();
    crm.reply(answering(500, {}, 'broken'));
    await engine.call('journey.start', startInput('acme'));
    await told(1);
    crm.reply((_, response) => void response.destroy());
    const shown = await eventually(
      () => engine.call('delivery.list', {}),
      (page) => page.deliveries.some(({ problem }: { problem: string | null }) => problem !== null),
      90_000,
    );
    expect(`${lines.join()}${JSON.stringify(shown)}`).not.toContain(SECRET);
  });
});

describe('a webhook that could never be sent', () => {
  test.each([
    ['http://crm.example.com/hook?key=hidden', 'http is for JOURNEY_OUTBOUND_ALLOWED_NETWORKS only'],
    ['https://169.254.169.254/latest?key=hidden', '169.254.169.254 is not a public address'],
    ['https://0x7f.1/hook?key=hidden', '127.0.0.1 is not a public address'],
    ['https://crm.example.com:22/hook?key=hidden', 'port 22 is not one of 443'],
  ])('S39: CRM_WEBHOOK_URL=%s stops the start by name: %s', async (url, says) => {
    const directory = await mkdtemp(join(tmpdir(), 'journey-crm-'));
    try {
      const settings = settingsWith(directory, { crm: { url, secrets: [SECRET], hubSignature: false } });
      const message = await compose(settings, { logger: quiet }).then(
        () => 'it started',
        (error: unknown) => String(error),
      );
      expect(message).toContain('environment: CRM_WEBHOOK_URL is');
      expect(message).toContain(says);
      expect(message, 'what may be a password').not.toContain('key=hidden');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
