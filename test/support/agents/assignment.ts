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
  a2aGateway({
    agents: [{ agentId: 'scanner', cardUrl, intents: ['run_security_scan'] }],
    routes: {},
    inProcessIntents: [],
    clock: manualClock(),
    logger: recordingLogger(),
    ...options,
  });

/** The signal of a caller that never calls off. */
export const patient = new AbortController().signal;
