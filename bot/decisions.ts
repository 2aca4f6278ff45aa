import type { App, BlockAction, ButtonAction, types } from '@slack/bolt';
import { z } from 'zod';
import { ApprovalId, clientOfApproval } from '#application/fields.ts';
import type { Clock } from '#application/ports.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { ownTeamOf, type Asking } from './asking.ts';
import { conversation, type Conversation, type Respond } from './conversation.ts';
import type { FormOptions } from './forms.ts';
import { refusal } from './views/answers.ts';
import { APPROVE, OPEN_LINK, REJECT, type Asked as AskedFor } from './views/card.ts';
import { paragraph, plain, type Message } from './views/blocks.ts';
import { VALUE } from './views/modal.ts';
import { failureOf } from './web-api.ts';

const REASON = 'rejection';

export type DecisionOptions = FormOptions & {
  readonly decide: AnyUseCase;
  readonly clock: Clock;
  /** How long a form waits for what became of it before it closes and the answer follows as a message. */
  readonly formWaits_ms?: number;
};

/** Approve and Reject. The button says what is decided on; who decides is asked at the click and nowhere else. */
export function listenToDecisions(app: App, options: DecisionOptions): void {
  const { client, logger } = options;

  app.action<BlockAction<ButtonAction>>(APPROVE, async ({ ack, body, action, respond, context }) => {
    await ack();
    const asking = askingIn(body, respond, context['requestId']);
    const asked = askedIn(action.value);
    await asking.talk.privately(asked ? await decided(options, asking, asked, { decision: 'approve' }) : unreadable());
  });

  app.action<BlockAction<ButtonAction>>(REJECT, async ({ ack, body, action, respond, context }) => {
    await ack();
    const { talk } = askingIn(body, respond, context['requestId']);
    const asked = askedIn(action.value);
    if (!asked) return talk.privately(unreadable());
    await client.views
      .open({ trigger_id: body.trigger_id, view: reasonForm(asked, body.channel?.id) })
      .catch((error: unknown) =>
        talk.privately(
          refusal(
            `The form for the reason could not be opened: ${failureOf(error).problem}`,
            'Press Reject once more.',
          ),
        ),
      );
  });

  app.view(REASON, async ({ ack, view, body, context }) => {
    const asking = askingIn(body, undefined, context['requestId']);
    const memory = JSON.parse(view.private_metadata) as ReasonMemory;
    const reason = view.state.values['reason']?.[VALUE]?.value ?? '';
    const work = decided(options, asking, memory.asked, { decision: 'reject', reason });
    const inTime = await within(options, work);
    if (inTime?.refused === true) return ack({ response_action: 'update', view: toldView(inTime) });
    await ack();
    return tell(options, asking.talk, memory.channel, body.user.id, inTime ?? (await work));
  });

  // A link opens in the browser by itself; Slack tells of the click all the same.
  app.action(OPEN_LINK, async ({ ack }) => ack());

  app.action(/.*/, async ({ ack, body, action, respond, next }) => {
    const id = 'action_id' in action ? action.action_id : '';
    if ([APPROVE, REJECT, OPEN_LINK].includes(id) || /^survey_score_[1-5]$/.test(id)) return next();
    await ack();
    const talk = conversation(respond, body.user.id, client, logger);
    return talk.privately(refusal('This button is not known any more.', 'Look again: /journey help.'));
  });

  function askingIn(
    body: {
      readonly user: { readonly id: string };
      readonly team?: { readonly id: string } | null;
      readonly container?: { readonly [name: string]: unknown };
    },
    respond: Respond | undefined,
    requestId: unknown,
  ): Asking {
    return {
      user: { teamId: ownTeamOf(body.user, body.team?.id), userId: body.user.id },
      requestId: String(requestId),
      talk: conversation(respond, body.user.id, client, logger, body.container?.['is_ephemeral'] === true),
    };
  }
}

const Asked = z.object({ approval_id: ApprovalId, digest: z.string().max(64) });

/** What a button was drawn with. It decides nothing by itself: the engine knows what is open, and under which digest. */
function askedIn(value: string | undefined): AskedFor | undefined {
  try {
    return Asked.safeParse(JSON.parse(value ?? '')).data;
  } catch {
    return undefined;
  }
}

const unreadable = (): Message =>
  refusal('This button does not say what is to be decided.', 'Look again: /journey approvals.');

type ReasonMemory = { readonly asked: AskedFor; readonly channel: string | null };
type Told = Message & { readonly refused: boolean };

const reasonForm = (asked: AskedFor, channel: string | undefined): types.ModalView => ({
  type: 'modal',
  callback_id: REASON,
  private_metadata: JSON.stringify({ asked, channel: channel ?? null } satisfies ReasonMemory),
  title: plain('Reject'),
  submit: plain('Reject'),
  close: plain('Cancel'),
  blocks: [
    paragraph(`What must change before ${clientOfApproval(asked.approval_id)} is approved?`),
    {
      type: 'input',
      block_id: 'reason',
      label: plain('Reason'),
      element: { type: 'plain_text_input', action_id: VALUE, multiline: true, min_length: 1, max_length: 2_000 },
    },
  ],
});

const toldView = ({ blocks }: Message): types.ModalView => ({
  type: 'modal',
  title: plain('Reject'),
  close: plain('Close'),
  blocks,
});

async function decided(
  { admit, decide }: DecisionOptions,
  asking: Asking,
  { approval_id, digest }: AskedFor,
  decision: { readonly decision: 'approve' | 'reject'; readonly reason?: string },
): Promise<Told> {
  const clientId = clientOfApproval(approval_id);
  const admission = await admit(asking, clientId);
  if (!admission.ok)
    return admission.repeated
      ? no('This click has been acted on already.', undefined)
      : no(admission.problem.message, admission.problem.hint);
  const outcome = await admission.admitted.run(decide, { approval_id, digest, ...decision });
  if (!outcome.ok) return no(outcome.problem.message, outcome.problem.hint);
  const done = decision.decision === 'approve' ? 'You have approved' : 'You have rejected';
  return { ...refusal(`${done} ${clientId}.`, undefined), refused: false };
}

const no = (message: string, hint: string | undefined): Told => ({ ...refusal(message, hint), refused: true });

/** A form shows what was refused if that is known before Slack gives up on it. */
async function within(
  { clock, formWaits_ms = 2_000 }: DecisionOptions,
  work: Promise<Told>,
): Promise<Told | undefined> {
  const early = new AbortController();
  const answer = await Promise.race([work, clock.sleep(formWaits_ms, early.signal).then(() => undefined)]);
  early.abort();
  return answer;
}

/** A form has no address to answer at: the person alone is told in the channel of the card, else directly. */
async function tell(
  { client, logger }: DecisionOptions,
  talk: Conversation,
  channel: string | null,
  user: string,
  { text, blocks }: Message,
): Promise<void> {
  if (channel === null) return talk.privately({ text, blocks });
  await client.chat.postEphemeral({ channel, user, text, blocks }).catch((error: unknown) => {
    logger.warn('An answer did not get through to Slack.', { problem: failureOf(error).problem });
  });
}
