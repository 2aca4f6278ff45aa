import type { JourneyEvent } from '#core/journey/events.ts';
import type { HistoryEvent } from './api-client.ts';
import { figure, outcome } from './figures.ts';
import { plain, styled, type Line } from './spans.ts';

/** What an event of the history says to somebody who watches; nothing for those that only the engine cares about. */
export function told({ type, data, actor }: HistoryEvent): readonly Line[] {
  const event = { type, ...data } as unknown as JourneyEvent;
  switch (event.type) {
    case 'journey_started':
      return [[plain(`journey started by ${actor}, searching ${figureList(event.inputs['data_sources'])}`)]];
    case 'stage_entered':
      return [entered(event)];
    case 'journey_rolled_back':
      return [[styled(['red', 'bold'], `rolled back by ${actor}: ${event.from} → ${event.to}. ${event.reason}`)]];
    case 'task_succeeded':
      return [[styled('green', '✓ '), plain(`task ${event.task_id}: ${outcome(event.output)}`)]];
    case 'task_attempt_failed': {
      const next = event.retry_at === null ? 'given up' : 'tried again';
      return [[styled('yellow', '! '), plain(`task ${event.task_id}, attempt ${event.attempt}: ${next}`)]];
    }
    case 'evidence_recorded':
      return event.observations.flatMap((observation) => reported(observation));
    case 'criteria_judged':
      return event.verdicts.flatMap((verdict) => judged(verdict));
    case 'approval_requested':
      return [[styled('cyan', '◆ approval asked for: every other criterion is met')]];
    case 'approval_decided':
      return event.decision === 'approve'
        ? [[styled(['green', 'bold'], `◆ demo approved by ${event.by}`)]]
        : [[styled(['red', 'bold'], `◆ demo rejected by ${event.by}: ${event.reason}`)]];
    case 'approval_voided':
      return [[styled('yellow', `◆ request for approval void: ${event.why.replaceAll('_', ' ')}`)]];
    default:
      return [];
  }
}

const figureList = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : figure(value));

function entered({ kind, from, stage, reason }: Extract<JourneyEvent, { type: 'stage_entered' }>): Line {
  if (kind === 'start') return [plain(`enters ${stage}: its work goes to the agents`)];
  if (kind === 'rollback') return [plain(`begins ${stage} anew`)];
  return [styled(['green', 'bold'], `promoted: ${from} → ${stage}. ${reason}`)];
}

type Reported = Extract<JourneyEvent, { type: 'evidence_recorded' }>['observations'][number];

/** Figures that come in every few hours show in the panel; a bug is news. */
function reported({ kind, subject, value }: Reported): readonly Line[] {
  const severity = typeof value === 'object' && value !== null && 'severity' in value ? value.severity : undefined;
  if (kind !== 'bug' || typeof severity !== 'string') return [];
  return [[styled(severity === 'critical' ? 'red' : 'yellow', '! '), plain(`${severity} bug ${subject} reported`)]];
}

type Judged = Extract<JourneyEvent, { type: 'criteria_judged' }>['verdicts'][number];

function judged({ check_id, outcome: result, measured, target, code, message }: Judged): readonly Line[] {
  // Approvals have events of their own, and what nobody has measured yet is no news.
  if (code === 'evidence.stale') return [[styled('yellow', '? '), plain(`${check_id}: ${message}`)]];
  if (code.startsWith('approval.') || (result !== 'passed' && result !== 'failed')) return [];
  const mark = result === 'passed' ? styled('green', '✓ ') : styled('red', '✗ ');
  return [[mark, plain(`${check_id}: ${figure(measured)} (target ${figure(target)})`)]];
}
