import type { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import type { Instant } from '#core/time.ts';
import { SECOND } from '#core/time.ts';
import type { Journey } from '#core/journey/journey.ts';
import { idempotencyKeyOf } from '#core/work/graph.ts';
import { jsonSchemaOf } from '#core/work/schema.ts';
import { attemptIdOf, type AttemptName } from '#core/work/unit.ts';
import type { Json } from '#core/json.ts';
import { intentKey } from './breakers.ts';
import type { Dependencies } from './dependencies.ts';
import { iso, type ClaimView } from './fields.ts';
import { plannedTask } from './planned-task.ts';
import { submit } from './submit.ts';
import { keyOf, longestAttempt_ms } from './task-calls.ts';
import type { Call } from './use-case.ts';

/** The waiting room as claimers of pulled tasks use it. All times are machine time. */
export type ClaimRoom = {
  /**
   * Keeps the task that has been ready longest for this claimer while its claim is being recorded; or what the same
   * request has got already. One statement: two who ask at once get different tasks.
   */
  readonly reserve: (query: ReserveQuery) => Promise<ReservedTask | null>;
  /** Gives a reservation back that came to nothing. */
  readonly giveBack: (task: ReservedTask) => Promise<void>;
  /** Renews the lease up to the deadline, and keeps what was said; null: nobody has such a lease any more. */
  readonly beat: (beat: Beat) => Promise<Lease | null>;
};

export type ReserveQuery = {
  readonly intents: readonly string[];
  /** null: of all clients. */
  readonly clients: readonly string[] | null;
  readonly by: string;
  readonly request: string | null;
  readonly machineNow: Instant;
  readonly reserveUntil: Instant;
};

export type Lease = { readonly leaseUntil: Instant; readonly deadline: Instant };

export type ReservedTask = AttemptName & {
  readonly clientId: string;
  readonly intent: string;
  readonly input: Json;
  /** Set when an earlier call of the same request was given it. */
  readonly lease: Lease | null;
};

export type Beat = AttemptName & {
  readonly clientId: string;
  readonly by: string;
  readonly leaseUntil: Instant;
  readonly message: string | null;
  readonly percent: number | null;
  /** Journey time. */
  readonly at: Instant;
};

/** As long as recording a claim may take before somebody else may have the task. */
const RESERVED_FOR_MS = 30 * SECOND;
/** How many reservations may come to nothing (the task was cancelled meanwhile) before a look is over. */
const MAX_TRIES = 5;
const LOOK_EVERY_MS = SECOND;

export type Asked = { readonly intents: readonly string[]; readonly request: string | null; readonly wait_ms: number };

/** The next task for the caller, waited for if it wants so; null: there is none. */
export async function claimNext(dependencies: Dependencies, call: Call, asked: Asked): Promise<Claimed | null> {
  const { clock } = dependencies;
  const until = clock.machine() + asked.wait_ms;
  for (;;) {
    // Nobody would get what is claimed for a caller that has hung up.
    if (call.signal?.aborted === true) return null;
    const claimed = await claimNow(dependencies, call, asked);
    const left_ms = until - clock.machine();
    if (claimed || left_ms <= 0) return claimed;
    await clock.sleep(Math.min(LOOK_EVERY_MS, left_ms), call.signal);
  }
}

/** Intents whose breaker is closed first; of the others a task goes out only as a probe. */
async function claimNow(dependencies: Dependencies, call: Call, asked: Asked): Promise<Claimed | null> {
  const { breakers } = dependencies;
  const heldBack = asked.intents.filter((intent) => breakers.isOpen(intentKey(intent)));
  const going = asked.intents.filter((intent) => !heldBack.includes(intent));
  const claimed = await claimOf(dependencies, call, { ...asked, intents: going }, () => Promise.resolve(true));
  if (claimed) return claimed;
  for (const intent of heldBack.filter((one) => breakers.mayProbe(intentKey(one)))) {
    const until = dependencies.clock.machine() + longestAttempt_ms(dependencies.plans.active(), intent);
    const probe = (task: ReservedTask) => breakers.probe(intentKey(intent), keyOf(task), until);
    const probing = await claimOf(dependencies, call, { ...asked, intents: [intent] }, probe);
    if (probing) return probing;
  }
  return null;
}

async function claimOf(
  dependencies: Dependencies,
  call: Call,
  { intents, request }: Asked,
  goesAhead: (task: ReservedTask) => Promise<boolean>,
): Promise<Claimed | null> {
  const { claims, breakers, clock } = dependencies;
  let refused: ReservedTask | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const machineNow = clock.machine();
    const reserved = await claims.reserve({
      intents,
      clients: call.principal.clients,
      by: call.principal.id,
      request,
      machineNow,
      reserveUntil: machineNow + RESERVED_FOR_MS,
    });
    if (!reserved) return null;
    // Refused before, and still there as if it could be had: somebody else will see to it.
    if (!reserved.lease && refused && attemptIdOf(refused) === attemptIdOf(reserved)) return null;
    if (!reserved.lease && (call.signal?.aborted === true || !(await goesAhead(reserved)))) {
      await claims.giveBack(reserved);
      return null;
    }
    const claimed = reserved.lease
      ? await known(dependencies, reserved, reserved.lease)
      : await record(dependencies, call, reserved);
    if (claimed) return claimed;
    refused = reserved;
    await breakers.report(intentKey(reserved.intent), keyOf(reserved), 'nothing');
  }
  return null;
}

/** The claim becomes a fact; null: the task is no longer there to be had. */
async function record(dependencies: Dependencies, call: Call, task: ReservedTask): Promise<Claimed | null> {
  const { clientId, workId, taskId, generation, attempt } = task;
  const { principal, door, requestId } = call;
  const answer = await submit(dependencies, { principal, door, requestId: `${requestId}:${taskId}` }, clientId, {
    type: 'claim_task',
    workId,
    taskId,
    fence: { generation, attempt },
    by: principal.id,
  });
  if (isRefusal(answer)) return null;
  const event = answer.events.find(({ type }) => type === 'task_claimed');
  if (event?.type !== 'task_claimed') return null;
  return claimedOf(dependencies, answer.journey, task, { leaseUntil: event.lease_until, deadline: event.deadline });
}

async function known(dependencies: Dependencies, task: ReservedTask, lease: Lease): Promise<Claimed | null> {
  const journey = await dependencies.journeys.journey(task.clientId);
  if (!journey) return null;
  await dependencies.plans.ensure([journey.configHash]);
  return claimedOf(dependencies, journey, task, lease);
}

type Claimed = z.input<typeof ClaimView>;

function claimedOf({ plans }: Dependencies, journey: Journey, task: ReservedTask, lease: Lease): Claimed | null {
  const { clientId, workId, taskId, generation, attempt, intent, input } = task;
  const plan = plans.get(journey.configHash);
  const planned = plannedTask(plans, [journey], workId, taskId);
  if (!planned) return null;
  return {
    task_id: attemptIdOf({ workId, taskId, generation, attempt }),
    client_id: clientId,
    work_id: workId,
    task: taskId,
    name: planned.name,
    intent,
    stage: journey.stage,
    attempt,
    max_attempts: planned.retry.maxRetries + 1,
    idempotency_key: idempotencyKeyOf(workId, taskId, generation),
    input: (input ?? {}) as Claimed['input'],
    input_schema: jsonSchemaOf(planned.input, 'marked'),
    output_schema: jsonSchemaOf(planned.output, 'declared'),
    lease_until: iso(lease.leaseUntil),
    deadline: iso(lease.deadline),
    // Two heartbeats may get lost before the lease does.
    heartbeat_every_seconds: Math.max(1, Math.floor(plan.taskTimeout_ms / SECOND / 3)),
  };
}

/** Agents do work by trade; of the people, those who run journeys may. */
export function mayWork({ principal }: Call, intents: readonly string[]): Refusal | undefined {
  const { id, kind, roles, intents: allowed } = principal;
  if (kind === 'user' && !roles.some((role) => role === 'operator' || role === 'admin'))
    return refuse(
      'auth.forbidden',
      `Claiming tasks is for agents and operators; ${id} is a user with ${roles.join(', ') || 'no role'}.`,
      'Use the token of an agent (token create --kind=agent), or of an operator.',
    );
  const beyond = allowed === null ? [] : intents.filter((intent) => !allowed.includes(intent));
  return beyond.length > 0
    ? refuse(
        'auth.forbidden',
        `${id} may not do ${beyond.join(', ')}: its token is for ${allowed?.join(', ') || 'no intent'}.`,
        'Ask for those intents only, or use a token for the others (token create --intents=…).',
      )
    : undefined;
}
