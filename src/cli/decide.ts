import type { z } from 'zod';
import type { AnyUseCase } from '#application/use-case.ts';
import { decideApproval } from '#application/use-cases/decide-approval.ts';
import { listApprovals } from '#application/use-cases/list-approvals.ts';
import { showJourney } from '#application/use-cases/show-journey.ts';
import type { Answered, Ask } from './ask.ts';
import { isFailure, wrongUsage, type Failure } from './failure.ts';
import { fieldsOf, schemaOf, type Field } from '#application/input-fields.ts';
import { approvalLines, type Approval } from './render/answers.ts';
import { clean } from './render/clean.ts';
import { requestOf, type Input } from './request.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

type Decision = z.output<typeof decideApproval.input>['decision'];

const fields = new Map(
  [showJourney, decideApproval].flatMap(({ input }) =>
    fieldsOf(schemaOf(input, 'input')).fields.map((one) => [one.name, one] as const),
  ),
);

function field(name: string, required: boolean, description?: string): Field {
  const known = fields.get(name);
  if (!known) throw new Error(`Neither approvals nor journeys have a field ${name}.`);
  return { ...known, required, ...(description === undefined ? {} : { description }) };
}

const common = {
  group: 'Approvals',
  collection: null,
  writes: true,
  localToken: 'approver',
  useCase: decideApproval,
} as const;

const approvalId = field('approval_id', false, 'Which request; the open one of the client unless said.');
const digest = field(
  'digest',
  false,
  'What you were shown earlier; what is shown now unless said. Refused when it has changed.',
);

/** A decision is asked for by client: nobody should have to copy an approval id. */
export const decisionVerbs: readonly Verb[] = [
  {
    ...common,
    name: 'approve',
    summary: 'Approve what the stage of a client asks people for: shows what it is, then says yes.',
    examples: ['approve --client-id="client-123"', 'approve --client-id="client-123" --reason="Demo went well"'],
    fields: [field('client_id', true), approvalId, digest, field('reason', false, 'Why, in words.')],
    run: (session, input) => decide(session, input, 'approve'),
  },
  {
    ...common,
    name: 'reject',
    summary: 'Reject what the stage of a client asks people for, with the reason.',
    examples: ['reject --client-id="client-123" --reason="Search misses the wiki"'],
    fields: [field('client_id', true), field('reason', true, 'Why, in words.'), approvalId, digest],
    run: (session, input) => decide(session, input, 'reject'),
  },
];

async function decide(
  { ask, key, paper, say }: Session,
  input: Input,
  decision: Decision,
): Promise<Answered | Failure> {
  const { client_id, approval_id, reason, digest: given } = input;
  const open = await openApprovals(ask, String(client_id));
  if (isFailure(open)) return open;
  const wanted = approval_id === undefined ? open : open.filter((one) => one.approval_id === approval_id);
  const [approval, ...others] = wanted;
  if (others.length > 0) return severalOpen(String(client_id), wanted);
  // A request that is named but not open is left to the server, which knows what became of it.
  if (!approval && approval_id === undefined) return noneOpen(ask, String(client_id));
  if (approval) say(approvalLines(paper, clean(approval) as Approval));
  return send(
    ask,
    decideApproval,
    { approval_id: approval_id ?? approval?.approval_id, decision, reason, digest: given ?? approval?.digest },
    key,
  );
}

async function send(ask: Ask, useCase: AnyUseCase, input: Input, key?: string): Promise<Answered | Failure> {
  const request = requestOf(useCase, input);
  return isFailure(request) ? request : ask(request, key);
}

async function openApprovals(ask: Ask, clientId: string): Promise<readonly Approval[] | Failure> {
  const answered = await send(ask, listApprovals, { client_id: clientId });
  if (isFailure(answered)) return answered;
  const parsed = listApprovals.output.safeParse(answered.value);
  return parsed.success
    ? parsed.data.approvals
    : {
        failed: 'refused',
        message: 'The server lists approvals in a way that this journey-cli does not know.',
        hint: 'Use the journey-cli of the server’s version.',
      };
}

/** There is nothing to decide; the journey says why, or that there is no such journey. */
async function noneOpen(ask: Ask, clientId: string): Promise<Failure> {
  const answered = await send(ask, showJourney, { client_id: clientId });
  if (isFailure(answered)) return answered;
  const parsed = showJourney.output.safeParse(answered.value);
  return {
    failed: 'refused',
    message: `No request for approval of ${clientId} is open.`,
    ...(parsed.success ? { hint: parsed.data.waiting_for } : {}),
  };
}

const severalOpen = (clientId: string, open: readonly Approval[]): Failure =>
  wrongUsage(
    `${clientId} has ${open.length} open requests for approval.`,
    `Say which with --approval-id: ${open.map(({ approval_id }) => approval_id).join(', ')}.`,
  );
