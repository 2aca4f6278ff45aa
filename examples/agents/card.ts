import { A2A_PROTOCOL_VERSION, type AgentCard } from '@a2a-js/sdk';
import type { Skill } from './skill.ts';

export const bindings = {
  jsonrpc: { protocolBinding: 'JSONRPC', path: '/a2a/jsonrpc' },
  rest: { protocolBinding: 'HTTP+JSON', path: '/a2a/rest' },
};
export type Binding = keyof typeof bindings;

export type Profile = {
  readonly name: string;
  readonly description: string;
  readonly defaultPort: number;
  readonly skills: readonly Skill[];
};

/** What the agent tells about itself; clients prefer the interfaces in the order given. */
export const cardFor = (
  { name, description, skills }: Profile,
  url: string,
  offered: readonly Binding[],
): AgentCard => ({
  name,
  description,
  version: '1.0.0',
  supportedInterfaces: offered.map((binding) => ({
    url: `${url}${bindings[binding].path}`,
    protocolBinding: bindings[binding].protocolBinding,
    protocolVersion: A2A_PROTOCOL_VERSION,
    tenant: '',
  })),
  provider: undefined,
  capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: false, extensions: [] },
  securitySchemes: {},
  securityRequirements: [],
  signatures: [],
  defaultInputModes: ['application/json'],
  defaultOutputModes: ['application/json'],
  skills: skills.map((skill) => ({
    id: skill.intent,
    name: skill.name,
    description: skill.description,
    tags: [`intent:${skill.intent}`],
    examples: [...skill.examples],
    inputModes: ['application/json'],
    outputModes: ['application/json'],
    securityRequirements: [],
  })),
});
