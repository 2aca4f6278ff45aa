import { tracedDestination, tracedExecute, tracedGateway } from '#application/traced.ts';
import type { Execute } from '#application/execute.ts';
import type { AgentGateway } from '#application/ports.ts';
import type { Destination } from '#application/relay/destination.ts';
import type { Tracer } from '#application/tracer.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresCauses } from '#adapters/postgres/causes.ts';
import { otelTracer } from '#adapters/tracing/otel-tracer.ts';
import type { Settings } from '#settings/settings.ts';

/** What is traced, where the settings name a collector; where they name none, everything is what it was. */
export type Tracing = {
  readonly tracer: Tracer | null;
  readonly execute: (execute: Execute) => Execute;
  readonly gateway: (gateway: AgentGateway) => AgentGateway;
  readonly destination: (destination: Destination) => Destination;
};

const untraced: Tracing = {
  tracer: null,
  execute: (execute) => execute,
  gateway: (gateway) => gateway,
  destination: (destination) => destination,
};

export async function openTracing({ telemetry }: Settings, database: Database, version: string): Promise<Tracing> {
  if (telemetry === null) return untraced;
  const tracer = await otelTracer({ ...telemetry, version });
  const causes = postgresCauses(database);
  return {
    tracer,
    execute: (execute) => tracedExecute(execute, tracer),
    gateway: (gateway) => tracedGateway(gateway, tracer, causes),
    destination: (destination) => tracedDestination(destination, tracer, causes),
  };
}
