import { port, secret, variable, type Variable } from './variable.ts';

/** Where agents are found beside those of agents.yaml, and how they are reached. */
export const agentVariables: readonly Variable[] = [
  variable(
    'PROTOCOL_BROKER_HOST',
    'text',
    'agents.broker.host',
    "The broker in front of the agents: requests for an agent go to it; without it straight to the agent's interface.",
  ),
  variable('PROTOCOL_BROKER_PORT', 'integer', 'agents.broker.port', 'Its port.', { default: 8080, ...port }),
  variable(
    'PROTOCOL_BROKER_PATH',
    'text',
    'agents.broker.path',
    "Where at the broker an agent is; {id} stands for the agent's id.",
    { default: '/agents/{id}' },
  ),
  variable('PROTOCOL_BROKER_TLS', 'boolean', 'agents.broker.tls', 'true: the broker is called by https.', {
    default: false,
  }),
  variable(
    'CAPABILITY_DISCOVERY_HOST',
    'text',
    'agents.catalogue.host',
    'Where an AI Catalog lists agents; without it only those count that agents.yaml names.',
  ),
  variable('CAPABILITY_DISCOVERY_PORT', 'integer', 'agents.catalogue.port', 'Its port.', { default: 8081, ...port }),
  variable('CAPABILITY_DISCOVERY_PATH', 'text', 'agents.catalogue.path', 'The path of the AI Catalog.', {
    default: '/.well-known/ai-catalog.json',
  }),
  variable('CAPABILITY_DISCOVERY_TLS', 'boolean', 'agents.catalogue.tls', 'true: it is asked by https.', {
    default: false,
  }),
  variable(
    'JOURNEY_AGENT_TOKENS',
    'text',
    'agents.tokens',
    'Bearer tokens for agents, broker and catalogue, each with the only origin that it is sent to, as https://agents.example.com=token, separated by commas.',
    secret,
  ),
];
