import { DAY } from '#core/time.ts';
import type { AcceleratedClock } from '#adapters/clock.ts';
import { needed, type ApiClient, type View } from './api-client.ts';
import type { Client } from './clients.ts';
import type { Keyboard } from './keyboard.ts';
import type { Screen } from './screen.ts';
import type { DemoSlack } from './slack.ts';
import { plain, styled } from './spans.ts';

export type Approving = {
  readonly operator: ApiClient;
  readonly approver: ApiClient;
  readonly clock: AcceleratedClock;
  readonly screen: Screen;
  /** Null: unattended, the approver's token decides alone. */
  readonly keyboard: Keyboard | null;
  /** Null: nobody is asked in Slack. */
  readonly slack: DemoSlack | null;
  /** Shows the panel as it is now, before somebody is asked about it. */
  readonly show: () => void;
};

type Decision = { readonly decision: 'approve' | 'reject'; readonly reason: string };

const UNATTENDED: Decision = { decision: 'approve', reason: 'The demo shows what was promised.' };
const MEND_DAYS = 1;
const LOOK_MS = 200;

/** Decides on the open request of a client, as the approver; asks the person first where the client wants that. */
export async function decide(
  approving: Approving,
  client: Client,
  approval: NonNullable<View['approval']>,
): Promise<void> {
  const { approver, keyboard, screen, slack } = approving;
  if (client.askPerson && slack) return decideInSlack(approving, slack, client, approval);
  const decision = client.askPerson && keyboard ? await askPerson(approving, client, keyboard) : UNATTENDED;
  if (decision === UNATTENDED)
    screen.say([plain(`${client.clientId}: nobody is asked; the demo decides under the approver's token`)]);
  const path = `/api/v1/approvals/${encodeURIComponent(approval.approval_id)}/decision`;
  const answer = await approver.post(path, { ...decision, digest: approval.digest });
  if (answer.ok) return;
  // What was asked has moved on meanwhile: a new request follows, and is decided on its own.
  if (answer.problem.code === 'approval.stale' || answer.problem.code === 'approval.expired')
    return screen.say([styled('yellow', `${client.clientId}: ${answer.problem.detail} ${answer.problem.hint ?? ''}`)]);
  needed(`The decision on ${approval.approval_id}`, answer);
}

/** The card in the channel is what is decided on; whoever is at the terminal presses its buttons where Slack is a double. */
async function decideInSlack(
  { clock, screen, show, keyboard, operator }: Approving,
  slack: DemoSlack,
  { clientId }: Client,
  approval: NonNullable<View['approval']>,
): Promise<void> {
  clock.pause();
  show();
  screen.rest();
  try {
    await slack.cardOf(approval.approval_id);
    const decision = slack.isDouble ? (keyboard ? await decisionOf(keyboard) : UNATTENDED) : null;
    if (decision) await slack.press(approval, decision);
    const path = `/api/v1/journeys/${clientId}`;
    const isOpen = async (): Promise<boolean> => {
      const view = await operator.get<View>(path);
      return view.approval?.approval_id === approval.approval_id && view.approval.status === 'open';
    };
    // oxlint-disable-next-line no-await-in-loop -- a person decides, and until then there is nothing else to do.
    while (await isOpen()) await clock.sleep(LOOK_MS);
    await slack.cardAfter(approval.approval_id);
  } finally {
    clock.resume();
  }
}

/** Journey time stands still meanwhile: whoever thinks must not lose days of the journey. */
async function askPerson(
  { clock, screen, show }: Approving,
  { clientId }: Client,
  keyboard: Keyboard,
): Promise<Decision> {
  clock.pause();
  show();
  screen.rest();
  try {
    screen.say([
      styled(['cyan', 'bold'], `${clientId} has had its demo, and every other criterion of the sandbox is met.`),
      plain(' You are its approver; journey time stands still until you have decided.'),
    ]);
    screen.rest();
    return await decisionOf(keyboard);
  } finally {
    clock.resume();
  }
}

async function decisionOf(keyboard: Keyboard): Promise<Decision> {
  for (;;) {
    const said = (await keyboard.ask('Approve the demo and let the pilot begin? [y/n] ')).trim().toLowerCase();
    if (said === 'y' || said === 'yes') return { decision: 'approve', reason: 'Approved at the terminal.' };
    if (said !== 'n' && said !== 'no') continue;
    const reason = (await keyboard.ask('What must change first? ')).trim();
    return { decision: 'reject', reason: reason === '' ? 'Not convinced yet.' : reason };
  }
}

/** After a rejection: what it names is mended, then the operator asks again. True once that has been done. */
export async function askAgain(
  { operator, clock, screen }: Approving,
  { clientId }: Client,
  rejectedAt: number,
): Promise<boolean> {
  if (clock.journey() < rejectedAt + MEND_DAYS * DAY) return false;
  screen.say([plain(`${clientId}: what the rejection names is mended; the operator asks again`)]);
  const path = `/api/v1/journeys/${clientId}/approval-request`;
  needed(`POST ${path}`, await operator.post(path, {}));
  return true;
}
