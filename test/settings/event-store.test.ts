import { describe, expect, test } from 'vitest';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig } from './seeded-config.ts';

const load = (env: Environment) => loadSettings({ env, configDir: realConfig });
const complete = {
  JOURNEY_EVENT_STORE: 'eventstoredb',
  JOURNEY_EVENT_STORE_HOST: 'store.example.com',
  JOURNEY_EVENT_STORE_USER: 'journey',
  JOURNEY_EVENT_STORE_PASSWORD: '${SECRET_EVENTSTORE_PASSWORD}',
  SECRET_EVENTSTORE_PASSWORD: 'canary-of-the-event-store',
};

describe('the event store that the variables name', () => {
  test('S11: none, unless one is asked for, whatever else is set', () => {
    expect(load({}).eventStore).toBeNull();
    expect(load({ ...complete, JOURNEY_EVENT_STORE: 'postgresql' }).eventStore).toBeNull();
  });

  test.each(['eventstoredb', 'kurrentdb'])('S11 S13 S15: %s, with TLS on the port that it has by default', (kind) => {
    expect(load({ ...complete, JOURNEY_EVENT_STORE: kind }).eventStore).toEqual({
      host: 'store.example.com',
      port: 2113,
      tls: true,
      caFile: null,
      user: 'journey',
      password: 'canary-of-the-event-store',
    });
  });

  test('S15: without TLS no password leaves the settings', () => {
    const { eventStore } = load({ ...complete, JOURNEY_EVENT_STORE_TLS: 'false' });
    expect(eventStore).toMatchObject({ tls: false, password: null });
  });

  test('S15: its password is never shown', () => {
    const shown = JSON.stringify([...load(complete).effective]);
    expect(shown).not.toContain('canary');
    expect(load(complete).effective.get('eventStore.password')).toEqual({
      value: '***',
      origin: 'environment JOURNEY_EVENT_STORE_PASSWORD',
    });
  });

  test.each([
    [
      'S11',
      { JOURNEY_EVENT_STORE: 'mongodb' },
      'JOURNEY_EVENT_STORE is "mongodb": must be postgresql or eventstoredb or kurrentdb',
    ],
    ['S12', { JOURNEY_EVENT_STORE_HOST: '' }, 'JOURNEY_EVENT_STORE_HOST: missing'],
    [
      'S12',
      { JOURNEY_EVENT_STORE_HOST: 'esdb://store:2113' },
      'JOURNEY_EVENT_STORE_HOST is "esdb://store:2113": must be the name',
    ],
    ['S12', { JOURNEY_EVENT_STORE_HOST: 'store?tls=false' }, 'JOURNEY_EVENT_STORE_HOST is "store?tls=false"'],
    [
      'S13',
      { JOURNEY_EVENT_STORE_PORT: '70000' },
      'JOURNEY_EVENT_STORE_PORT is "70000": must be an integer from 1 to 65535',
    ],
    ['S14', { JOURNEY_EVENT_STORE_USER: '' }, 'JOURNEY_EVENT_STORE_USER: missing'],
    ['S15', { JOURNEY_EVENT_STORE_PASSWORD: '' }, 'JOURNEY_EVENT_STORE_PASSWORD: missing'],
    [
      'S15',
      { SECRET_EVENTSTORE_PASSWORD: '' },
      'JOURNEY_EVENT_STORE_PASSWORD: refers to ${SECRET_EVENTSTORE_PASSWORD}',
    ],
    ['S15', { JOURNEY_EVENT_STORE_TLS: 'maybe' }, 'JOURNEY_EVENT_STORE_TLS is "maybe": must be true, false, 1 or 0'],
    [
      'S15',
      { JOURNEY_EVENT_STORE_CA_FILE: '/nowhere/ca.pem' },
      'JOURNEY_EVENT_STORE_CA_FILE is "/nowhere/ca.pem": must be a file',
    ],
  ])('%s: %j stops the start', (_id, env, says) => {
    expect(messageOf({ env: { ...complete, ...env }, configDir: realConfig })).toContain(says);
  });
});
