import { SECOND, type Instant } from '#core/time.ts';
import type { RaiseAlert } from '../alerts.ts';
import { dependencyKey, type Breakers, type CallOutcome } from '../breakers.ts';
import type { Clock, Logger } from '../ports.ts';
import { attempt } from './attempt.ts';
import { deliveryIdOf, type Claimed, type DeliveryResult, type Destination, type OutboxStore } from './destination.ts';
import { handedBack, settlementOf } from './settlement.ts';
import type { SlowDown, Standing } from './slow-down.ts';

export type DeliveringParts = {
  readonly outbox: OutboxStore;
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alert: RaiseAlert;
  readonly pace: SlowDown;
  readonly stopping: AbortSignal;
};

const DEADLINE_MS = 15 * SECOND;
/** How long a message is claimed: longer than a call may take, so that nobody else calls while we may still be calling. */
export const LEASE_MS = 2 * DEADLINE_MS;

/** Takes claimed messages of one destination to it, and records what became of them. Never throws. */
export function deliveringTo(destination: Destination, parts: DeliveringParts): (claimed: Claimed) => Promise<void> {
  const { outbox, breakers, clock, logger, alert, pace, stopping } = parts;
  const { name } = destination;
  const key = dependencyKey(destination);
  let told: Standing = 'up';

  async function deliver(claimed: Claimed): Promise<void> {
    // Asleep for so long that the call could outlast the claim: somebody else may be calling.
    if (clock.machine() + DEADLINE_MS > claimed.leaseUntil) return;
    const id = deliveryIdOf(claimed.clientId, name, claimed.seq);
    const isProbe = breakers.isOpen(key);
    if (isProbe && !(await takesProbe(id, claimed.leaseUntil)))
      return record(claimed, handedBack(claimed, `${name} is taken to be down.`, clock.machine()));
    const begunIn = pace.standing();
    const result = await attempt(destination, claimed, { clock, logger, deadline_ms: DEADLINE_MS, stopping });
    const machineNow = clock.machine();
    // A call that we broke off ourselves says nothing about anybody.
    const brokenOff = stopping.aborted && result.type === 'retry';
    if (!brokenOff) tell(pace.heard(result, machineNow), result);
    await breakers.report(key, id, brokenOff ? 'nothing' : outcomeOf(claimed, result, isProbe));
    const counts = !brokenOff && !isProbe && begunIn !== 'gone';
    await record(claimed, settlementOf(claimed, result, { machineNow, counts, aloneUntil: pace.until() }));
  }

  async function takesProbe(id: string, until: Instant): Promise<boolean> {
    try {
      return await breakers.probe(key, id, until);
    } catch (error) {
      logger.warn('A probe could not be begun.', { destination: name, error: String(error) });
      return false;
    }
  }

  async function record(claimed: Claimed, settlement: ReturnType<typeof settlementOf>): Promise<void> {
    const { clientId, seq } = claimed;
    const fields = { delivery_id: deliveryIdOf(clientId, name, seq), client_id: clientId, destination: name };
    try {
      const settled = await outbox.settle(claimed, settlement);
      if (!settled) logger.info('A delivery ended after its claim; whoever has it now decides.', fields);
      else if (settlement.state === 'dead')
        alert('delivery_dead', `${fields.delivery_id} is a dead letter: ${settlement.problem}`, fields);
    } catch (error) {
      // It stays claimed, and is sent again when the claim is over.
      logger.warn('What became of a delivery could not be recorded.', { ...fields, error: String(error) });
    }
  }

  function tell(standing: Standing, result: DeliveryResult): void {
    if (standing === told) return;
    const problem = 'problem' in result ? result.problem : '';
    if (standing === 'gone')
      alert('destination_gone', `${name} says that it is gone; its messages are parked. ${problem}`, {
        destination: name,
      });
    else if (told === 'gone') logger.info(`${name} is back.`, { destination: name });
    told = standing;
  }

  return deliver;
}

/**
 * What a call says about the destination. That a message fails again shows that the message is bad as well as that the
 * destination is: only its first failure counts towards opening the breaker, so that one bad message stops nobody.
 */
function outcomeOf({ failures }: Claimed, { type }: DeliveryResult, isProbe: boolean): CallOutcome {
  switch (type) {
    case 'delivered':
    case 'refused':
      return 'answered';
    case 'retry':
      return isProbe || failures === 0 ? 'failed' : 'nothing';
    case 'held':
    case 'gone':
      return 'nothing';
  }
}
