import { isRefusal, type Refusal } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from './dependencies.ts';
import type { Outcome, Submitted } from './journal.ts';
import type { Call } from './use-case.ts';
import { journeyView } from './view.ts';

/** Submits one command of a caller: with its idempotency key, if it gave one, bound to the command's content. */
export function submit(
  { journal, ids }: Dependencies,
  { principal, door, requestId, idempotencyKey }: Call,
  clientId: string,
  command: Command,
  answer?: (outcome: Outcome) => Json,
): Promise<Submitted | Refusal> {
  return journal.submit({
    clientId,
    command,
    actor: principal.id,
    door,
    requestId,
    ...(idempotencyKey === undefined
      ? {}
      : { key: { principal: principal.id, key: idempotencyKey, requestHash: ids.digest(JSON.stringify(command)) } }),
    ...(answer ? { answer } : {}),
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
  const submitted = await submit(
    dependencies,
    call,
    clientId,
    command,
    ({ journey }) => viewOf(dependencies, journey, null) as unknown as Json,
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
