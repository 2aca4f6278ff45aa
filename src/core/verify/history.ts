import type { Instant } from '../time.ts';
import type { Plan } from '../plan.ts';
import type { Digest } from '../criteria/gate.ts';
import type { JourneyEvent, StageEntered } from '../journey/events.ts';
import { evolve } from '../journey/evolve.ts';
import type { Approval, Journey } from '../journey/journey.ts';
import { approvalViolations } from './approvals.ts';
import { promotionViolations, verdictViolations } from './judgements.ts';
import { taskViolations } from './tasks.ts';
import { transitionViolations } from './transitions.ts';
import type { Invariant, Violation } from './violation.ts';

export type RecordedFact = {
  readonly seq: number;
  readonly at: Instant;
  readonly event: JourneyEvent;
  readonly actor: string;
  readonly door: string;
  readonly requestId: string;
  /** What it said of the client has been erased: its words and figures can no longer be judged. */
  readonly erased: boolean;
};

/** How a history is judged again. */
export type Judging = { readonly planOf: (hash: string) => Plan | undefined; readonly digest: Digest };

/** One event where it stands: what was before it, and what the checks have to remember on the way. */
export type Step = Judging & {
  readonly clientId: string;
  readonly journey: Journey | null;
  readonly fact: RecordedFact;
  readonly memory: Memory;
  readonly report: (invariant: Invariant, message: string) => void;
};

export type Memory = {
  /** Work id -> the epochs that have lost it. */
  readonly lost: Map<string, Set<number>>;
  readonly approvals: Map<string, Approval>;
  readonly transitions: { readonly seq: number; readonly event: StageEntered }[];
};

export type History = {
  /** The fold of the events; null where it cannot be made. */
  readonly journey: Journey | null;
  readonly approvals: ReadonlyMap<string, Approval>;
  readonly transitions: readonly { readonly seq: number; readonly event: StageEntered }[];
  readonly violations: readonly Violation[];
};

const checks: readonly ((step: Step) => void)[] = [
  originViolations,
  transitionViolations,
  promotionViolations,
  verdictViolations,
  approvalViolations,
  taskViolations,
];

/** Folds a client's whole history and names what should not be in it. Pure; the events are in the order of their seq. */
export function judgeHistory(clientId: string, facts: readonly RecordedFact[], judging: Judging): History {
  const violations: Violation[] = [];
  const report = (invariant: Invariant, message: string): void => void violations.push({ invariant, message });
  const memory: Memory = { lost: new Map(), approvals: new Map(), transitions: [] };
  let journey: Journey | null = null;
  for (const [index, fact] of facts.entries()) {
    if (fact.seq !== index + 1) report('I1', `event ${fact.seq} stands where ${index + 1} should`);
    if (!journey && fact.event.type !== 'journey_started') {
      report('I1', `the first event is ${fact.event.type}, not journey_started`);
      return { journey: null, ...memory, violations };
    }
    for (const check of checks) check({ ...judging, clientId, journey, fact, memory, report });
    journey = evolve(journey, fact.event, clientId, fact.at);
    remember(memory, journey, fact);
  }
  return { journey, ...memory, violations };
}

/** For a history whose beginning was pruned: what is left has no gap and is signed. */
export function judgeRemainder(facts: readonly RecordedFact[], from: number): readonly Violation[] {
  const violations: Violation[] = [];
  const report = (invariant: Invariant, message: string): void => void violations.push({ invariant, message });
  for (const [index, fact] of facts.entries()) {
    if (fact.seq !== from + index) report('I1', `event ${fact.seq} stands where ${from + index} should`);
    originViolations({ fact, report });
  }
  return violations;
}

function originViolations({ fact, report }: Pick<Step, 'fact' | 'report'>): void {
  for (const name of ['actor', 'door', 'requestId'] as const)
    if (fact[name] === '') report('I16', `event ${fact.seq} (${fact.event.type}) has no ${name}`);
}

function remember(memory: Memory, { approval }: Journey, { seq, event }: RecordedFact): void {
  if (event.type === 'stage_entered') memory.transitions.push({ seq, event });
  if (approval) memory.approvals.set(approval.id, approval);
  if (event.type === 'unit_taken_over' && event.from !== null) {
    const losers = memory.lost.get(event.work_id) ?? new Set();
    memory.lost.set(event.work_id, losers.add(event.from));
  }
}
