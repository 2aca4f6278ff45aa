import type { Json, JsonObject } from '#core/json.ts';
import type { Assignment, InProcessAgent } from '#application/ports.ts';

/** What a good agent answers, by intent of the real config. */
export const goodOutputs: { readonly [intent: string]: (input: JsonObject) => JsonObject } = {
  provision_sandbox_environment: () => ({ environment_id: 'env-1', status: 'ready' }),
  install_connectors: ({ connectors }) => ({ installed_connectors: connectors ?? [] }),
  provision_test_dataset: () => ({ dataset_id: 'data-1', record_count: 1_000 }),
  run_security_scan: () => ({ scan_result: { critical: 0, high: 1, medium: 2, low: 3 }, vulnerabilities: [] }),
  deploy_production_environment: () => ({ deployment_id: 'deploy-1', status: 'ready' }),
  configure_user_access: ({ users }) => ({ configured_users: users ?? [] }),
  setup_monitoring: () => ({ dashboard_url: 'https://dashboards.example/1' }),
};

/** A call of a function that waits until the test says how it ends. */
export type HeldCall = {
  readonly assignment: Assignment;
  readonly signal: AbortSignal;
  readonly succeed: (output?: Json) => void;
  readonly fail: (message: string) => void;
};

export type ScriptedAgents = {
  readonly functions: { readonly [intent: string]: InProcessAgent };
  /** Every assignment, in the order in which they came. */
  readonly calls: readonly Assignment[];
  /** From now on calls of the intent wait for the test. */
  readonly hold: (intent: string) => { readonly next: () => Promise<HeldCall>; readonly waiting: () => number };
  /** From now on calls of the intent do this. */
  readonly does: (intent: string, act: InProcessAgent) => void;
};

/** Functions for the intents of the real config and for whatever else is named; each answers well until told otherwise. */
export function scriptedAgents(
  more: { readonly [intent: string]: (input: JsonObject) => JsonObject } = {},
): ScriptedAgents {
  const outputs = { ...goodOutputs, ...more };
  const acts = new Map<string, InProcessAgent>();
  const calls: Assignment[] = [];
  const run: InProcessAgent = (assignment, signal) => {
    calls.push(assignment);
    const act = acts.get(assignment.intent);
    return act ? act(assignment, signal) : Promise.resolve(outputs[assignment.intent]?.(assignment.input) ?? {});
  };
  return {
    functions: Object.fromEntries(Object.keys(outputs).map((intent) => [intent, run])),
    calls,
    does: (intent, act) => void acts.set(intent, act),
    hold: (intent) => {
      const held: HeldCall[] = [];
      const waiters: ((call: HeldCall) => void)[] = [];
      acts.set(intent, (assignment, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<Json>();
        const call: HeldCall = {
          assignment,
          signal,
          succeed: (output) => resolve(output ?? outputs[intent]?.(assignment.input) ?? {}),
          fail: (message) => reject(new Error(message)),
        };
        const waiter = waiters.shift();
        if (waiter) waiter(call);
        else held.push(call);
        return promise;
      });
      return {
        next: () => {
          const call = held.shift();
          return call ? Promise.resolve(call) : new Promise((resolve) => void waiters.push(resolve));
        },
        waiting: () => held.length,
      };
    },
  };
}
