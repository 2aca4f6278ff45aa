import type { Command } from '#core/journey/commands.ts';
import type { World } from '#core/journey/draft.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Plan } from '#core/plan.ts';
import { SECOND, type Instant } from '#core/time.ts';
import type { Deadlines } from './deadlines.ts';
import type { Item, Part } from './flush-part.ts';
import type { Clock, Plans } from './ports.ts';

const TRANSITION = 'stage_transition_timed_out';
const ROLLBACK = 'rollback_initiation_timed_out';

/** The budgets of what a lane does: since when a command has been waiting, and what is told when that is too long. */
export type Timeouts = {
  /** A command has come in: promotions and rollbacks are timed from here on. */
  readonly asked: (item: Item) => void;
  readonly worldFor: (item: Item, plan: Plan, machineNow: Instant) => Pick<World, 'since' | 'overtime'>;
  readonly decided: (item: Item, events: readonly JourneyEvent[], since: Instant, plan: Plan) => void;
  /** It was recorded, refused, or given up by whoever asked. */
  readonly ended: (item: Item) => void;
  readonly entered: (part: Part) => void;
  /** Whether the part enters a stage later than it may. */
  readonly isOverdue: (part: Part, machineNow: Instant) => boolean;
  /** How long a statement may take so that no transition in it is late; undefined: as long as any other. */
  readonly within_ms: (parts: readonly Part[], machineNow: Instant) => number | undefined;
};

export function timeoutsOf(deadlines: Deadlines, plans: Plans, clock: Pick<Clock, 'machine'>): Timeouts {
  function begin(clientId: string, since: Instant, { stageTransition_ms: budget_ms }: Plan): void {
    deadlines.begin(TRANSITION, clientId, {
      since,
      budget_ms,
      message: `${clientId} has not passed its open gate within ${budget_ms / SECOND} s.`,
      fields: { client_id: clientId },
    });
  }

  const left_ms = (part: Part, machineNow: Instant): number | undefined => {
    const since = passesGate(part) ? deadlines.since(TRANSITION, part.clientId) : undefined;
    if (since === undefined || !part.before) return undefined;
    return since + plans.get(part.before.configHash).stageTransition_ms - machineNow;
  };

  return {
    asked: ({ submission: { clientId, command, gateOpenSince }, at }) => {
      if (command.type === 'roll_back')
        deadlines.begin(ROLLBACK, clientId, {
          since: at,
          budget_ms: plans.active().rollbackInitiation_ms,
          message: `${clientId} has not been rolled back within ${plans.active().rollbackInitiation_ms / SECOND} s; it goes on being tried.`,
          fields: { client_id: clientId },
        });
      if (command.type === 'promote') {
        // A person who asks again begins anew, whatever became of what was tried before.
        deadlines.end(TRANSITION, clientId);
        begin(clientId, at, plans.active());
      } else if (gateOpenSince !== undefined) begin(clientId, gateOpenSince, plans.active());
    },

    worldFor: ({ submission: { clientId, command, since, gateOpenSince }, at }, plan, machineNow) => {
      // Judging what somebody asked to be judged is timed from the request on, anything else from here.
      const begun = judges(command) ? (since ?? at) : clock.machine();
      return {
        since: timesItself(command) ? at : (deadlines.since(TRANSITION, clientId) ?? gateOpenSince ?? machineNow),
        overtime: () => clock.machine() - begun > plan.exitValidation_ms,
      };
    },

    decided: ({ submission: { clientId, command } }, events, since, plan) => {
      if (events.some(isPassing)) begin(clientId, since, plan);
      else if (events.some(({ type }) => type === TRANSITION)) {
        begin(clientId, since, plan);
        deadlines.end(TRANSITION, clientId);
      } else if (command.type === 'promote' || command.type === 'evaluate') deadlines.end(TRANSITION, clientId);
    },

    ended: ({ submission: { clientId, command } }) => {
      if (command.type === 'roll_back') deadlines.end(ROLLBACK, clientId);
      if (command.type === 'promote') deadlines.end(TRANSITION, clientId);
    },

    entered: (part) => {
      if (passesGate(part)) deadlines.end(TRANSITION, part.clientId);
    },

    isOverdue: (part, machineNow) => (left_ms(part, machineNow) ?? 0) < 0,

    within_ms: (parts, machineNow) => {
      const left = parts.flatMap((part) => left_ms(part, machineNow) ?? []);
      return left.length > 0 ? Math.max(1, Math.min(...left) + 1) : undefined;
    },
  };
}

const isPassing = (event: JourneyEvent): boolean =>
  event.type === 'stage_entered' && (event.kind === 'promotion' || event.kind === 'override');

const passesGate = ({ events }: Part): boolean => events.some(({ event }) => isPassing(event));

const judges = ({ type }: Command): boolean => type === 'evaluate' || type === 'judge';
const timesItself = ({ type }: Command): boolean => type === 'promote' || type === 'roll_back';
