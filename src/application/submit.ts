import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Uncollected } from '#core/explain/explain.ts';
import { circumstancesOf } from './circumstances.ts';
import type { Dependencies } from './dependencies.ts';
import type { Outcome, Submitted } from './journal.ts';
import type { Call } from './use-case.ts';
import { journeyView } from './view.ts';

/** Submits one command of a caller, under its idempotency key if it gave one. */
export async function submit(
  { journal }: Dependencies,
  { principal, door, requestId, idempotency }: Call,
  clientId: string,
  command: Command,
  answer?: (outcome: Outcome) => object,
): Promise<Submitted | Refusal> {
  const submitted = await journal.submit({
    clientId,
    command,
    actor: principal.id,
    door,
    requestId,
    ...(idempotency === undefined ? {} : { key: { principal: principal.id, ...idempotency } }),
    // What use-cases answer is made of what zod describes: it survives JSON.
    ...(answer ? { answer: answer as (outcome: Outcome) => Json } : {}),
    fresh: command.type === 'judge',
  });
  return isRefusal(submitted) ? submitted : (gaveUp(clientId, command, submitted) ?? submitted);
}

/** What people ask for in order to pass a gate. */
const passesGate = new Set<Command['type']>(['promote', 'request_override', 'confirm_override']);

/** The gate was open, but too long ago: who asked for the promotion is told that it did not happen. */
function gaveUp(clientId: string, command: Command, { journey, events }: Submitted): Refusal | undefined {
  const late = events.find((event) => event.type === 'stage_transition_timed_out');
  if (!late || !passesGate.has(command.type)) return undefined;
  return refuse(
    'stage.transition_timed_out',
    `${clientId} did not enter ${late.to} within ${late.budget_seconds} s and stays in ${journey.stage}.`,
    'The gate was open: promote again, and look at the load on the database if it happens again.',
    { waited_seconds: late.waited_seconds, budget_seconds: late.budget_seconds },
  );
}

/** Submits and answers with the journey as it then is; a repeated call gets the first answer. */
export async function submitForView(
  dependencies: Dependencies,
  call: Call,
  clientId: string,
  command: Command,
): Promise<Refusal | ReturnType<typeof journeyView>> {
  const submitted = await submit(dependencies, call, clientId, command, ({ journey }) =>
    viewOf(dependencies, journey, null),
  );
  return isRefusal(submitted) ? submitted : (submitted.answer as unknown as ReturnType<typeof journeyView>);
}

export const viewOf = (
  dependencies: Dependencies,
  journey: Journey,
  queuePosition: number | null,
  uncollected: readonly Uncollected[] = [],
): ReturnType<typeof journeyView> =>
  journeyView(
    dependencies.plans.get(journey.configHash),
    journey,
    dependencies.ids.digest,
    circumstancesOf(dependencies, queuePosition, uncollected),
  );
