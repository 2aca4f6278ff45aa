import { stageOf, type Plan } from '#core/plan.ts';
import type { Instant } from '#core/time.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import { definitionOf } from '#core/work/unit.ts';
import type { Recording } from '#application/ports.ts';
import type { Counted } from './instruments.ts';

type PlanOf = (hash: string) => Plan;

/** Counts what a recording says. Times of journeys are journey time. */
export function countRecording(counts: Counted, planOf: PlanOf, recording: Recording, now: Instant): void {
  const place = { stage: recording.before?.stage ?? '', since: recording.before?.stageStartedAt ?? now };
  for (const { event } of recording.events) {
    countEvent(counts, planOf, recording, event, place.stage, now);
    if (event.type === 'journey_started' || event.type === 'stage_entered' || event.type === 'journey_completed') {
      if (event.type !== 'journey_started' && place.stage !== '' && isOver(event))
        counts.stageDuration.observe({ stage: place.stage }, Math.max(0, now - place.since) / 1_000);
      if (event.type !== 'journey_completed') Object.assign(place, { stage: event.stage, since: now });
    }
  }
}

/** The first entry comes out of the queue, which is no stage. */
const isOver = (event: JourneyEvent): boolean =>
  event.type === 'journey_completed' || (event.type === 'stage_entered' && event.from !== null);

function countEvent(
  counts: Counted,
  planOf: PlanOf,
  recording: Recording,
  event: JourneyEvent,
  stage: string,
  now: Instant,
): void {
  switch (event.type) {
    case 'stage_entered':
      counts.transitions.inc({ from_stage: event.from ?? '', to_stage: event.stage, result: 'success' });
      for (const { check_id, outcome } of event.results ?? [])
        counts.verdicts.inc({ stage: event.from ?? '', check_id, verdict: outcome });
      return;
    case 'stage_transition_timed_out':
      return counts.transitions.inc({ from_stage: event.from, to_stage: event.to, result: 'timeout' });
    case 'journey_rolled_back':
      return counts.rollbacks.inc({ reason: 'manual' });
    case 'journey_rolled_back_automatically':
      return counts.rollbacks.inc({ reason: 'automatic' });
    case 'criteria_judged':
      for (const { check_id, outcome } of event.verdicts) counts.verdicts.inc({ stage, check_id, verdict: outcome });
      return;
    case 'task_succeeded':
      return counts.attempts.inc({ status: 'succeeded', intent: intentOf(planOf, recording, event) });
    case 'task_attempt_failed':
      return counts.attempts.inc({
        status: event.error.code === 'task.timed_out' ? 'timed_out' : 'failed',
        intent: intentOf(planOf, recording, event),
      });
    case 'unit_completed':
    case 'unit_failed':
    case 'unit_cancelled': {
      const unit = unitIn(recording, event.work_id);
      if (!unit) return;
      const status = event.type.slice('unit_'.length);
      const took_s = Math.max(0, now - unit.startedAt) / 1_000;
      return counts.unitDuration.observe({ stage, template_id: unit.templateId, status }, took_s);
    }
    default:
  }
}

const unitIn = ({ before, journey }: Recording, workId: string) =>
  [...journey.units, ...(before?.units ?? [])].find((unit) => unit.workId === workId);

/** Events name the task; what it intends stands in the plan that the journey had pinned then. */
function intentOf(
  planOf: PlanOf,
  { before, journey }: Recording,
  { work_id, task_id }: { readonly work_id: string; readonly task_id: string },
): string {
  const having = ({ units }: Journey) => units.find(({ workId }) => workId === work_id);
  for (const one of before ? [journey, before] : [journey]) {
    const stage = stageOf(planOf(one.configHash), one.stage);
    const unit = having(one);
    const task = stage && unit && definitionOf(stage, unit)?.tasks.find(({ id }) => id === task_id);
    if (task) return task.intent;
  }
  return '';
}
