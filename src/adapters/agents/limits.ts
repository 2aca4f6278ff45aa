import { MINUTE, SECOND } from '#core/time.ts';

export type AgentLimits = {
  /** The whole of one call, the reading of the body included. */
  readonly call_timeout_ms: number;
  readonly card_timeout_ms: number;
  /** How long a card is used before it is asked for again. */
  readonly card_max_age_ms: number;
  /** One look at all sources of agents together. */
  readonly discovery_timeout_ms: number;
  readonly response_bytes: number;
};

export const defaultAgentLimits: AgentLimits = {
  call_timeout_ms: 10 * SECOND,
  card_timeout_ms: 2 * SECOND,
  card_max_age_ms: 5 * MINUTE,
  discovery_timeout_ms: 10 * SECOND,
  response_bytes: 1_048_576,
};
