import { SECOND, type Instant } from '../time.ts';
import type { Plan, StagePlan, WorkTemplate } from '../plan.ts';
import { stageOf } from '../plan.ts';
import { definitionOf, type Unit } from '../work/unit.ts';
import type { Refusal } from '../errors.ts';
import type { Digest } from '../criteria/gate.ts';
import { evolve } from './evolve.ts';
import type { Journey } from './journey.ts';
import type { JourneyEvent } from './events.ts';

/** What a decision may depend on besides the journey itself. */
export type World = {
  /** The plan that the journey pinned when it entered its stage (for a new journey: the active one). */
  readonly plan: Plan;
  /** The newest activated plan: what the next stage entry pins. */
  readonly active: Plan;
  readonly now: Instant;
  readonly machineNow: Instant;
  /** Machine time since when what is asked has been waiting: a promotion since its gate was found open, a rollback since its request. */
  readonly since: Instant;
  /** Whether the time for judging the journey is over; asked after each judgement. */
  readonly overtime: () => boolean;
  /** This process, as the owner of units of work. */
  readonly epoch: number;
  /** Whether this process takes on more units of work. */
  readonly hasRoom: boolean;
  /** Whether a journey may be admitted in this decision. */
  readonly mayAdmit: boolean;
  readonly route: (intent: string) => 'in_process' | 'a2a' | 'pull';
  /** Whether new attempts of the intent wait, since its circuit breaker is not closed. */
  readonly isHeldBack: (intent: string) => boolean;
  readonly digest: Digest;
};

export type Decision = Decided | Refusal;

export type Decided = {
  readonly journey: Journey;
  readonly events: readonly JourneyEvent[];
  /** When time alone changes something next, as far as this decision has looked; null: nothing that it knows of. */
  readonly lookAt: Instant | null;
};

/** A decision in the making: the journey as it would be after the events so far. */
export type Draft = {
  readonly world: World;
  journey: Journey;
  readonly events: JourneyEvent[];
  lookAt: Instant | null;
};

export const draftOf = (world: World, journey: Journey): Draft => ({ world, journey, events: [], lookAt: null });

export function record(draft: Draft, event: JourneyEvent): void {
  draft.journey = evolve(draft.journey, event, draft.journey.clientId, draft.world.now);
  draft.events.push(event);
}

export const decided = ({ journey, events, lookAt }: Draft): Decided => ({ journey, events, lookAt });

/** By how much what is asked has waited too long; undefined: it is in time. */
export function overBudget(
  { machineNow, since }: World,
  budget_ms: number,
): { readonly waited_seconds: number; readonly budget_seconds: number } | undefined {
  const waited_ms = machineNow - since;
  return waited_ms > budget_ms ? { waited_seconds: waited_ms / SECOND, budget_seconds: budget_ms / SECOND } : undefined;
}

/** The present stage under the journey's pinned plan. A plan always has the stages that its journeys are in. */
export function presentStage({ world, journey }: Draft): StagePlan {
  const plan = world.active.hash === journey.configHash ? world.active : world.plan;
  const stage = stageOf(plan, journey.stage);
  if (!stage) throw new Error(`Config ${plan.hash} has no stage ${journey.stage}, in which ${journey.clientId} is.`);
  return stage;
}

export function presentPlan({ world, journey }: Draft): Plan {
  return world.active.hash === journey.configHash ? world.active : world.plan;
}

/** The plan for the next stage entry: the active one, unless it no longer knows the stage that the journey is in. */
export const planAhead = ({ world, journey }: Draft): Plan =>
  stageOf(world.active, journey.stage) ? world.active : world.plan;

export function templateOf(stage: StagePlan, unit: Unit): WorkTemplate {
  const template = definitionOf(stage, unit);
  if (!template) throw new Error(`Stage ${stage.id} has no template ${unit.templateId}.`);
  return template;
}
