import type { AgentCopies, AgentCopy } from '#application/agent-sources.ts';
import type { AgentGateway, Assignment, Logger } from '#application/ports.ts';
import { a2aGateway, type A2aGatewayOptions } from '#adapters/agents/a2a-gateway.ts';
import { manualClock } from './manual-clock.ts';

export const assignment = (changes: Partial<Assignment> = {}): Assignment => ({
  clientId: 'acme',
  workId: 'uow-acme:1:sandbox_setup',
  taskId: 'run_security_scan',
  intent: 'run_security_scan',
  input: { environment_id: 'sbx-acme-1' },
  generation: 1,
  attempt: 1,
  idempotencyKey: 'uow-acme:1:sandbox_setup/run_security_scan/1',
  agentId: null,
  ...changes,
});

export type LogLine = { readonly level: string; readonly message: string; readonly fields: unknown };

export function recordingLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (message: string, fields?: unknown) => void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A gateway with one agent that offers the scan, unless told otherwise; its clock stands still. */
export const gatewayTo = (cardUrl: string, options: Partial<A2aGatewayOptions> = {}): AgentGateway =>
  gatewayWith({ agents: [{ agentId: 'scanner', cardUrl, intents: ['run_security_scan'] }], ...options });

/** A gateway that knows no agent unless it is told of one; it keeps copies of what it reads for itself alone. */
export const gatewayWith = (options: Partial<A2aGatewayOptions> = {}): AgentGateway =>
  a2aGateway({
    agents: [],
    routes: {},
    inProcessIntents: [],
    wellKnown: [],
    catalogue: null,
    broker: null,
    aliases: {},
    allowedOrigins: [],
    tokens: {},
    copies: copiesInMemory(),
    push: null,
    clock: manualClock(),
    logger: recordingLogger(),
    ...options,
  });

export function copiesInMemory(): AgentCopies & { readonly kept: ReadonlyMap<string, AgentCopy> } {
  const kept = new Map<string, AgentCopy>();
  return {
    kept,
    find: (url) => Promise.resolve(kept.get(url) ?? null),
    keep: (copy) => Promise.resolve(void kept.set(copy.url, copy)),
  };
}

/** The signal of a caller that never calls off. */
export const patient = new AbortController().signal;
