import { SECOND } from '#core/time.ts';
import type { AcceleratedClock } from '#adapters/clock.ts';
import { environment, type Environment } from '#settings/environment.ts';
import { asForm, click, SIGNING_SECRET, submission } from '../slack/requests.ts';
import {
  CHANNEL,
  startSlackDouble,
  TEAM,
  type Fields,
  type SlackDouble,
  type Standing,
} from '../slack/slack-double.ts';
import { needed, type ApiClient } from './api-client.ts';
import type { Screen } from './screen.ts';
import { plain, styled } from './spans.ts';

type Asked = { readonly approval_id: string; readonly digest: string };

/** The Slack in which the demo asks for its approval. */
export type DemoSlack = {
  readonly variables: Environment;
  /** Whether it comes with the demo, which then presses the buttons for whoever is at the terminal. */
  readonly isDouble: boolean;
  readonly begin: (at: {
    readonly url: string;
    readonly operator: ApiClient;
    readonly screen: Screen;
  }) => Promise<void>;
  /** Resolves when the card stands in the channel, and shows it. */
  readonly cardOf: (approvalId: string) => Promise<void>;
  readonly press: (
    asked: Asked,
    decision: { readonly decision: 'approve' | 'reject'; readonly reason: string },
  ) => Promise<void>;
  /** Resolves when the card says what was decided, and shows it. */
  readonly cardAfter: (approvalId: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

const APPROVER = 'U0DANA';
const WITHIN_MS = 30 * SECOND;
const LOOK_MS = 100;

export async function openDemoSlack(clock: AcceleratedClock): Promise<DemoSlack> {
  const given = Object.entries(environment()).filter(([name]) => name.startsWith('SLACK_'));
  return given.some(([name]) => name.startsWith('SLACK_BOT_TOKEN'))
    ? realSlack(Object.fromEntries(given))
    : doubleOfSlack(clock);
}

/** Somebody decides there; here it is only waited for. */
function realSlack(variables: Environment): DemoSlack {
  let shown: Screen | undefined;
  return {
    variables,
    isDouble: false,
    begin: async ({ screen }) => {
      shown = screen;
      screen.say([plain('Slack           the one that SLACK_BOT_TOKEN is for')]);
    },
    cardOf: async () =>
      shown?.say([
        styled('cyan', 'The approval is asked for in Slack; journey time stands still until somebody decides there.'),
      ]),
    press: async () => undefined,
    cardAfter: async () => undefined,
    close: async () => undefined,
  };
}

async function doubleOfSlack(clock: AcceleratedClock): Promise<DemoSlack> {
  const slack = await startSlackDouble();
  slack.users.set(APPROVER, { team_id: TEAM });
  let at: { readonly url: string; readonly screen: Screen } | undefined;

  const send = async (body: string): Promise<Response> => {
    const { headers } = asForm(body, clock.machine() / SECOND);
    return fetch(`${at?.url}/slack/events`, { method: 'POST', headers, body });
  };
  async function standing(approvalId: string, fits: (card: Standing) => boolean): Promise<Standing> {
    const until = clock.machine() + WITHIN_MS;
    for (;;) {
      const card = cardIn(slack, approvalId);
      if (card && fits(card)) return card;
      if (clock.machine() > until)
        throw new Error(`The card of ${approvalId} does not look as it should within ${WITHIN_MS / SECOND} s.`);
      // oxlint-disable-next-line no-await-in-loop -- the card comes when it comes.
      await clock.sleep(LOOK_MS);
    }
  }
  const show = (card: Standing): void => {
    at?.screen.say([styled('dim', `In the channel ${CHANNEL}:`)]);
    for (const line of linesOf(card)) at?.screen.say([styled('dim', '  │ '), plain(line)]);
  };
  return {
    variables: {
      SLACK_BOT_TOKEN: 'xoxb-of-the-demo',
      SLACK_SIGNING_SECRET: SIGNING_SECRET,
      SLACK_API_URL: slack.apiUrl,
      SLACK_CHANNEL: CHANNEL,
    },
    isDouble: true,
    begin: async ({ url, operator, screen }) => {
      at = { url, screen };
      screen.say([plain(`Slack           ${slack.apiUrl}  a double of it that comes with this demo`)]);
      const person = { team_id: TEAM, user_id: APPROVER, name: 'dana', roles: ['approver'] };
      needed('Mapping the approver', await operator.post('/api/v1/people', person));
    },
    cardOf: async (approvalId) => show(await standing(approvalId, () => true)),
    press: async ({ approval_id, digest }, { decision, reason }) => {
      const value = JSON.stringify({ approval_id, digest });
      await send(click({ action_id: decision, value, user: APPROVER, responseUrl: slack.responseUrl('demo') }));
      if (decision === 'approve') return;
      const opened = await eventually(
        clock,
        () => slack.callsOf('views.open').at(-1)?.body['view'] as Fields | undefined,
      );
      await send(submission(opened, { reason: { value: { value: reason } } }, APPROVER));
    },
    cardAfter: async (approvalId) => show(await standing(approvalId, ({ edits }) => edits > 0)),
    close: slack.close,
  };
}

async function eventually<T>(clock: AcceleratedClock, look: () => T | undefined): Promise<T> {
  const until = clock.machine() + WITHIN_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (clock.machine() > until) throw new Error(`Slack was not asked for a form within ${WITHIN_MS / SECOND} s.`);
    // oxlint-disable-next-line no-await-in-loop -- it comes when it comes.
    await clock.sleep(LOOK_MS);
  }
}

const cardIn = (slack: SlackDouble, approvalId: string): Standing | undefined =>
  slack.standing(CHANNEL).find(({ metadata }) => metadata?.event_payload['key'] === `card:${approvalId}`);

/** A message as a terminal shows it. */
function linesOf({ blocks }: Standing): readonly string[] {
  return blocks.flatMap(({ type, text, elements }) => {
    if (type === 'actions')
      return [
        (elements as readonly { readonly text: { readonly text: string } }[])
          .map((button) => `[ ${button.text.text} ]`)
          .join(' '),
      ];
    const parts =
      type === 'context' ? (elements as readonly { readonly text: string }[]) : [text as { readonly text: string }];
    return parts.flatMap((part) => part.text.split('\n'));
  });
}
