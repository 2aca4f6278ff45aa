import type { z } from 'zod';
import type { checkAgents } from '#application/use-cases/check-agents.ts';
import type { explainJourney } from '#application/use-cases/explain-journey.ts';
import type { listApprovals } from '#application/use-cases/list-approvals.ts';
import type { listJourneys } from '#application/use-cases/list-journeys.ts';
import type { recordEvidence } from '#application/use-cases/record-evidence.ts';
import type { showEvidence } from '#application/use-cases/show-evidence.ts';
import type { showHistory } from '#application/use-cases/show-history.ts';
import type { showTaskLog } from '#application/use-cases/show-task-log.ts';
import type { showWork } from '#application/use-cases/show-work.ts';
import type { validateExit } from '#application/use-cases/validate-exit.ts';
import type { verifyStore } from '#application/use-cases/verify-store.ts';
import { criteriaLines, section, stageText, statusCell, taskDetail, type Journey } from './journey.ts';
import type { Paper } from './paper.ts';
import { pairs, table, type Cell } from './table.ts';
import { inLine, time } from './values.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];
type Answer<U extends { readonly output: z.ZodType }> = z.output<U['output']>;

export function startLines(paper: Paper, journey: Journey): Lines {
  const { client_id, status, queue_position } = journey;
  const begun =
    status === 'queued'
      ? `${client_id} is queued, number ${queue_position ?? '?'}: all places are taken, and it starts by itself.`
      : `${client_id} has started: ${stageText(journey)}.`;
  return [
    ...wrap(begun, paper.width),
    ...wrap(journey.waiting_for, paper.width),
    '',
    ...pairs(paper, [['Next', `journey-cli status --client-id=${client_id}`]]),
    ...journey.units.flatMap(({ name, tasks }) =>
      section(
        paper,
        `What follows: ${name}`,
        table(
          paper,
          ['Task', 'Status', 'Agent intent'],
          tasks.map((task) => [task.task_id, statusCell(task.status), task.intent]),
        ),
      ),
    ),
  ];
}

export function listLines(paper: Paper, { journeys, next_cursor }: Answer<typeof listJourneys>): Lines {
  if (journeys.length === 0) return ['No journeys.'];
  const rows = journeys.map((one) => [
    one.client_id,
    statusCell(one.status),
    one.stage,
    String(one.day),
    time(one.stage_started_at),
    time(one.started_at),
  ]);
  return [
    ...table(paper, ['Client', 'Status', 'Stage', 'Day', 'In stage since', 'Started'], rows),
    ...(next_cursor === null
      ? []
      : ['', ...wrap(`There are more: --cursor=${next_cursor}, or a larger --limit.`, paper.width)]),
  ];
}

export function historyLines(paper: Paper, { events, next_after }: Answer<typeof showHistory>): Lines {
  if (events.length === 0) return ['No events.'];
  const rows = events.map(({ seq, at, type, actor, door, data }) => [
    String(seq),
    time(at),
    type,
    `${actor} (${door})`,
    inLine(data),
  ]);
  return [
    ...table(paper, ['Seq', 'At', 'Event', 'By', 'Data'], rows),
    ...(next_after === null ? [] : ['', ...wrap(`There are more: --after=${next_after}.`, paper.width)]),
  ];
}

export function exitLines(paper: Paper, answer: Answer<typeof validateExit>): Lines {
  const { client_id, stage, gate, work_completed, promoted_to, criteria } = answer;
  return [
    ...pairs(paper, [
      ['Client', { text: client_id, style: 'bold' }],
      ['Stage', stage],
      ['Gate', { text: gate, style: gate === 'open' ? 'green' : 'yellow' }],
      ['Work', work_completed ? 'completed' : 'not completed: journey-cli uow-status shows it'],
      ...(promoted_to === null ? [] : [['Promoted to', { text: promoted_to, style: 'green' }] as const]),
    ]),
    ...section(paper, 'Exit criteria', criteria.length > 0 ? criteriaLines(paper, criteria) : ['None.']),
  ];
}

export function workLines(paper: Paper, { client_id, stage, units }: Answer<typeof showWork>): Lines {
  if (units.length === 0) return [`${client_id} has no units of work in ${stage}.`];
  return units.flatMap((unit, index) => [
    ...(index === 0 ? [] : ['']),
    ...pairs(paper, [
      ['Unit of work', { text: unit.work_id, style: 'bold' }],
      ['Status', statusCell(unit.status)],
      ['Created', time(unit.created_at)],
      ...(unit.completed_at === null ? [] : [['Completed', time(unit.completed_at)] as const]),
    ]),
    '',
    ...table(
      paper,
      ['Task', 'Status', 'Attempt', 'Agent intent', 'Detail'],
      unit.tasks.map((task) => [
        task.task_id,
        statusCell(task.status),
        String(task.attempt),
        task.intent,
        detailOf(task),
      ]),
    ),
  ]);
}

function detailOf({
  missing,
  error,
  retry_at,
  asked,
}: Answer<typeof showWork>['units'][number]['tasks'][number]): string {
  const needed = Array.isArray(missing) && missing.length > 0 ? missing.map(String) : undefined;
  const told =
    typeof error === 'object' && error !== null && 'message' in error ? { message: String(error.message) } : undefined;
  const again = retry_at === null ? [] : [`again at ${time(retry_at)}`];
  return [taskDetail(needed, told, asked), ...again].filter((text) => text !== '').join('; ');
}

export function logLines(paper: Paper, { entries, next_after }: Answer<typeof showTaskLog>): Lines {
  const rows = entries.map(({ at, task, attempt, message, actor }) => [
    time(at),
    task ?? '',
    attempt === null ? '' : String(attempt),
    message,
    actor,
  ]);
  return [
    ...table(paper, ['At', 'Task', 'Attempt', 'What', 'By'], rows),
    ...(next_after === null ? [] : ['', ...wrap(`There are more: --after=${next_after}.`, paper.width)]),
  ];
}

export function evidenceLines(paper: Paper, { client_id, evidence }: Answer<typeof showEvidence>): Lines {
  if (evidence.length === 0) return [`${client_id} has no evidence.`];
  return table(
    paper,
    ['Seq', 'Kind', 'Subject', 'Value', 'Observed', 'Origin', 'Entry'],
    evidence.map((one) => [
      String(one.seq),
      one.kind,
      one.subject,
      inLine(one.value),
      time(one.observed_at),
      one.origin,
      String(one.stage_entry),
    ]),
  );
}

export function recordedLines(
  paper: Paper,
  { client_id, recorded, stage, not_judged }: Answer<typeof recordEvidence>,
): Lines {
  const unjudged = `No criterion of ${stage} judges ${not_judged.join(', ')} from this source: it is kept and shown only.`;
  return [
    `${recorded} recorded for ${client_id} in ${stage}.`,
    ...(not_judged.length > 0 ? wrap(unjudged, paper.width) : []),
  ];
}

/** What to deal with first at the head; what to type stands unwrapped, to be copied. */
export function whyLines(paper: Paper, { sentence, blockers }: Answer<typeof explainJourney>): Lines {
  return [
    ...wrap(sentence, paper.width),
    ...blockers.flatMap(({ message, owner, since, next }, index) => [
      '',
      ...wrap(`${index + 1}. ${message}`, paper.width).map((line) => paper.paint('bold', line)),
      ...pairs(paper, [
        ['Who', owner],
        ...(since === null ? [] : [['Since', time(since)] as const]),
        ['Next', next.text],
      ]),
      ...(next.command === null ? [] : [`  ${next.command}`]),
    ]),
  ];
}

export type Approval = Answer<typeof listApprovals>['approvals'][number];

export const approvalsLines = (paper: Paper, { approvals }: Answer<typeof listApprovals>): Lines =>
  approvals.length === 0
    ? ['Nothing waits for approval.']
    : table(
        paper,
        ['Client', 'Stage', 'For', 'Votes', 'Expires', 'Request', 'Digest'],
        approvals.map((one) => [
          one.client_id,
          one.stage,
          one.check_id,
          votesOf(one),
          time(one.expires_at),
          one.approval_id,
          one.digest,
        ]),
      );

const votesOf = ({ votes, min_approvals }: Approval): string =>
  `${Array.isArray(votes) ? votes.length : 0} of ${min_approvals}`;

/** What somebody is about to decide on. */
export const approvalLines = (paper: Paper, approval: Approval): Lines => [
  ...pairs(paper, [
    ['Request', approval.approval_id],
    ['Client', { text: approval.client_id, style: 'bold' }],
    ['Leaves', approval.stage],
    ['For', approval.check_id],
    ['Other criteria', inLine(approval.outcomes)],
    ['Votes', votesOf(approval)],
    ['Asked', time(approval.requested_at)],
    ['Expires', time(approval.expires_at)],
    ['Digest', approval.digest],
  ]),
  '',
];

const sourceLines = (paper: Paper, sources: Answer<typeof checkAgents>['sources']): Lines =>
  table(
    paper,
    ['', 'Source', 'State', 'Agents', 'Read', 'Problem'],
    sources.map(({ url, state, agents, read_at, problem }) => [
      state === 'ok' ? { text: '✓', style: 'green' as const } : { text: '✗', style: 'red' as const },
      url,
      state,
      String(agents),
      time(read_at),
      problem ?? '',
    ]),
  );

export function agentLines(paper: Paper, answer: Answer<typeof checkAgents>): Lines {
  const { intent, route, healthy, agents, breakers, sources } = answer;
  const head: readonly (readonly [string, Cell])[] = [
    ...(intent === null ? [] : [['Intent', intent] as const]),
    ...(route === null ? [] : [['Route', route] as const]),
    ['Healthy', { text: `${healthy} of ${agents.length}`, style: healthy > 0 ? 'green' : 'red' }],
  ];
  const rows = agents.map((one) => [
    one.healthy ? { text: '✓', style: 'green' as const } : { text: '✗', style: 'red' as const },
    one.agent_id,
    one.name,
    one.url,
    time(one.last_seen),
    one.problem ?? '',
  ]);
  return [
    ...pairs(paper, head),
    ...section(
      paper,
      'Agents',
      agents.length > 0 ? table(paper, ['', 'Id', 'Name', 'URL', 'Last seen', 'Problem'], rows) : [],
    ),
    ...section(paper, 'Where agents are looked for', sources.length > 0 ? sourceLines(paper, sources) : []),
    ...section(
      paper,
      'Circuit breakers',
      breakers.length > 0
        ? table(
            paper,
            ['Intent', 'Status', 'Failures', 'Opened', 'Probes from', 'Probes'],
            breakers.map((one) => [
              one.intent,
              { text: one.status, style: one.status === 'closed' ? 'green' : 'red' },
              one.failures === null ? '' : String(one.failures),
              time(one.opened_at),
              time(one.probes_from),
              String(one.probes),
            ]),
          )
        : [],
    ),
  ];
}

export function verifyLines(paper: Paper, { clients, whole }: Answer<typeof verifyStore>): Lines {
  const found = [
    ...whole.map((one) => ({ client: 'all', ...one })),
    ...clients.flatMap(({ client_id, violations }) => violations.map((one) => ({ client: client_id, ...one }))),
  ];
  const verified = `${clients.length} ${clients.length === 1 ? 'client' : 'clients'} verified`;
  if (found.length === 0) return [`${verified}: every invariant holds.`];
  return [
    `${verified}: ${found.length} ${found.length === 1 ? 'violation' : 'violations'}.`,
    ...section(
      paper,
      'Violations',
      table(
        paper,
        ['Client', 'Invariant', 'What is so', 'What should hold'],
        found.map(({ client, invariant, message, holds }) => [
          client,
          { text: invariant, style: 'red' as const },
          message,
          holds,
        ]),
      ),
    ),
  ];
}

/** The token stands alone on its line, never wrapped: it is copied. */
