import { isRefusal, type Refusal } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from './dependencies.ts';
import type { Outcome, Submitted } from './journal.ts';
import type { Call } from './use-case.ts';
import { journeyView } from './view.ts';

/** Submits one command of a caller, under its idempotency key if it gave one. */
export function submit(
  { journal }: Dependencies,
  { principal, door, requestId, idempotency }: Call,
  clientId: string,
  command: Command,
  answer?: (outcome: Outcome) => object,
): Promise<Submitted | Refusal> {
  return journal.submit({
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

export function viewOf(
  { plans, clock, ids }: Dependencies,
  journey: Journey,
  queuePosition: number | null,
): ReturnType<typeof journeyView> {
  return journeyView(plans.get(journey.configHash), journey, clock.journey(), ids.digest, queuePosition);
}
