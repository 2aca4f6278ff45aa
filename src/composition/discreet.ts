import type { Redact } from '#core/redact.ts';
import type { Collector } from '#application/collecting/collector.ts';
import type { AgentGateway, RemoteTask } from '#application/ports.ts';
import type { Probe } from '#application/probes.ts';
import type { Destination } from '#application/relay/destination.ts';

// What others say is stored and shown; one that repeats what it was sent must not have our secrets kept.

export const discreetDestination =
  (redact: Redact) =>
  (destination: Destination): Destination => ({
    ...destination,
    deliver: async (message, signal) => {
      const result = await destination.deliver(message, signal);
      return 'problem' in result ? { ...result, problem: redact(result.problem) } : result;
    },
  });

export const discreetCollector =
  (redact: Redact) =>
  (collector: Collector): Collector => ({
    ...collector,
    collect: async (wanted, signal) => {
      try {
        const collected = await collector.collect(wanted, signal);
        return collected.map((one) => (one.problem === undefined ? one : { ...one, problem: redact(one.problem) }));
      } catch (error) {
        throw new Error(redact(error instanceof Error ? error.message : String(error)), { cause: error });
      }
    },
  });

export const discreetProbe =
  (redact: Redact) =>
  (probe: Probe): Probe => ({
    ...probe,
    look: async (signal) => (await probe.look(signal)).map((finding) => ({ ...finding, said: redact(finding.said) })),
  });

/** Why an attempt failed, in an agent's own words, becomes an event. */
export function discreetGateway(redact: Redact, gateway: AgentGateway): AgentGateway {
  const clean = <T extends RemoteTask | null>(task: T): T =>
    task?.state === 'ended' && task.outcome.type === 'failed'
      ? { ...task, outcome: { ...task.outcome, message: redact(task.outcome.message) } }
      : task;
  return {
    ...gateway,
    send: async (...call) => clean(await gateway.send(...call)),
    poll: async (...call) => clean(await gateway.poll(...call)),
    find: async (...call) => clean(await gateway.find(...call)),
    answer: async (...call) => clean(await gateway.answer(...call)),
  };
}
