import { describe, expect, it } from 'vitest';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig, seededConfig } from './seeded-config.ts';

const load = (env: Record<string, string> = {}, configDir = realConfig) => loadSettings({ env, configDir });

describe('where agents are found and how they are reached', () => {
  it('S17 S18 S19 S20: is said by the guide’s four variables; without them agents.yaml is all', () => {
    expect(load().discovery).toEqual({
      wellKnown: [],
      aliases: {},
      allowedOrigins: [],
      broker: null,
      catalogue: null,
      tokens: {},
    });
    expect(
      load({
        PROTOCOL_BROKER_HOST: 'protocol-broker.a-domain.svc.cluster.local',
        PROTOCOL_BROKER_PORT: '8080',
        CAPABILITY_DISCOVERY_HOST: 'capability-discovery.a-domain.svc.cluster.local',
        CAPABILITY_DISCOVERY_PORT: '8081',
      }).discovery,
    ).toMatchObject({
      broker: 'http://protocol-broker.a-domain.svc.cluster.local:8080/agents/{id}',
      catalogue: 'http://capability-discovery.a-domain.svc.cluster.local:8081/.well-known/ai-catalog.json',
    });
  });

  it('S17 S20: ports have the guide’s defaults, paths and https may be said', () => {
    expect(
      load({
        PROTOCOL_BROKER_HOST: 'broker',
        PROTOCOL_BROKER_PATH: '/a2a/{id}/v1',
        PROTOCOL_BROKER_TLS: 'true',
        CAPABILITY_DISCOVERY_HOST: '[::1]',
        CAPABILITY_DISCOVERY_PATH: '/agents',
      }).discovery,
    ).toMatchObject({ broker: 'https://broker:8080/a2a/{id}/v1', catalogue: 'http://[::1]:8081/agents' });
  });

  it('S44: tokens are by the origin that each is for, and shown nowhere', () => {
    const tokens = 'https://agents.example.com=canary-one, http://broker:8080/=canary=two';
    const settings = load({ JOURNEY_AGENT_TOKENS: tokens });
    expect(settings.discovery.tokens).toEqual({
      'https://agents.example.com': 'canary-one',
      'http://broker:8080': 'canary=two',
    });
    expect(JSON.stringify([...settings.effective])).not.toContain('canary');
  });

  it('S98: agents.yaml names hosts, origins and other names for intents', () => {
    using config = seededConfig();
    config.write(
      'agents.yaml',
      `well_known: [https://agents.example.com/]
allowed_origins: ['https://cards.example.com:8443']
aliases: { run_security_scan: [scanner-v2] }
routes: { run_security_scan: a2a }
`,
    );
    const { discovery, findings } = load({}, config.dir);
    expect(discovery).toMatchObject({
      wellKnown: ['https://agents.example.com'],
      allowedOrigins: ['https://cards.example.com:8443'],
      aliases: { run_security_scan: ['scanner-v2'] },
    });
    const codes = findings.map(({ code }) => code);
    expect(codes, 'agents may be found that no file names').not.toContain('intent.no_agent');
    config.write('agents.yaml', 'agents: []\n');
    expect(load({}, config.dir).findings.map(({ code }) => code)).toContain('intent.no_agent');
    const catalogue = { CAPABILITY_DISCOVERY_HOST: 'catalogue' };
    expect(load(catalogue, config.dir).findings.map(({ code }) => code)).not.toContain('intent.no_agent');
  });

  it.each([
    [
      { PROTOCOL_BROKER_HOST: 'http://broker' },
      'PROTOCOL_BROKER_HOST is "http://broker": must be a host name or an address, without a scheme, a port or a path',
    ],
    [{ CAPABILITY_DISCOVERY_HOST: 'catalogue:8081' }, 'CAPABILITY_DISCOVERY_HOST is "catalogue:8081": must be a host'],
    [
      { PROTOCOL_BROKER_HOST: 'b', PROTOCOL_BROKER_PATH: '/agents' },
      'PROTOCOL_BROKER_PATH is "/agents": must be a path with {id} in it once',
    ],
    [
      { CAPABILITY_DISCOVERY_HOST: 'c', CAPABILITY_DISCOVERY_PATH: 'x' },
      'CAPABILITY_DISCOVERY_PATH is "x": must be a path',
    ],
    [{ PROTOCOL_BROKER_PORT: '99999' }, 'PROTOCOL_BROKER_PORT is "99999": must be an integer from 1 to 65535'],
    [
      { JOURNEY_AGENT_TOKENS: 'https://agents/path=canary' },
      'JOURNEY_AGENT_TOKENS is (hidden): must be origins with tokens',
    ],
    [{ JOURNEY_AGENT_TOKENS: 'canary' }, 'JOURNEY_AGENT_TOKENS is (hidden): must be origins with tokens'],
  ])('a mistake stops the start, with what is allowed: %j', (env, told) => {
    const problem = messageOf({ env });
    expect(problem).toContain(told);
    expect(problem).not.toContain('canary');
  });

  it.each([
    ['well_known: [https://agents.example.com/card]', 'must be an origin'],
    ['well_known: [https://user:secret@agents.example.com]', 'must be an origin'],
    ['allowed_origins: [agents.example.com]', 'must be an origin'],
    ['aliases: { run_security_scan: [] }', 'aliases.run_security_scan'],
  ])('and so does one in agents.yaml: %s', (text, told) => {
    using config = seededConfig();
    config.write('agents.yaml', `${text}\n`);
    const problem = messageOf({ env: {}, configDir: config.dir });
    expect(problem).toContain(told);
    expect(problem).not.toContain('user:secret');
  });
});
