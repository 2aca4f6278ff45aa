import { App, SocketModeReceiver, type Receiver } from '@slack/bolt';
import type { Hono } from 'hono';
import type { RaiseAlert } from '#application/alerts.ts';
import type { Channel } from '#application/notifications/notice.ts';
import type { PeopleStore, SlackFinding } from '#application/dependencies.ts';
import type { Destination } from '#application/relay/destination.ts';
import type { Execute } from '#application/execute.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { SlackStore } from '#application/slack-store.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { decideApproval } from '#application/use-cases/decide-approval.ts';
import { listApprovals } from '#application/use-cases/list-approvals.ts';
import { listJourneys } from '#application/use-cases/list-journeys.ts';
import { recordEvidence } from '#application/use-cases/record-evidence.ts';
import { showJourney } from '#application/use-cases/show-journey.ts';
import { admitWith } from './acting.ts';
import type { CardSource } from './approval-cards.ts';
import { checkSlackApp } from './check.ts';
import { listenToCommand } from './command.ts';
import { listenToDecisions } from './decisions.ts';
import { slackDirectory } from './directory.ts';
import { listenToHome } from './home.ts';
import { identifyWith } from './identity.ts';
import { listenToLifecycle } from './lifecycle.ts';
import { honoReceiver, requestIdOf } from './receiver.ts';
import { listenToSurvey } from './survey.ts';
import { noticesInSlack } from './notices.ts';
import { posting } from './posting.ts';
import { slackTelling } from './telling.ts';
import { quietLogger, webClient, webClientOptions } from './web-api.ts';

export type SlackDoor = {
  /** To be mounted on the server's app; null with Socket Mode, where nothing comes in. */
  readonly routes: Hono | null;
  /** Null where no channel is named: then nothing is told by itself. */
  readonly telling: Destination | null;
  /** Sends notices to the channels and people that routes name. */
  readonly notices: Channel;
  readonly check: () => Promise<readonly SlackFinding[]>;
  /** Begins to listen where that needs a beginning; nobody waits for Slack to be there. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

export type SlackDoorOptions = {
  readonly botToken: string;
  readonly signingSecrets: readonly string[];
  readonly appToken: string | null;
  readonly apiUrl: string;
  readonly admins: readonly string[];
  readonly channel: string | null;
  readonly stageChannels: { readonly [stage: string]: string };
  /** Others that notices go to. */
  readonly noticeChannels: readonly string[];
  readonly groupRoles: { readonly [groupId: string]: readonly string[] };
  readonly publicUrl: string | null;
  readonly catalogue: readonly AnyUseCase[];
  readonly execute: Execute;
  readonly people: Pick<PeopleStore, 'find'>;
  readonly store: SlackStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alert: RaiseAlert;
};

/** Opens the Slack door. Nothing is asked of Slack before somebody speaks to us: a start never waits for it. */
export function openSlackDoor(options: SlackDoorOptions): SlackDoor {
  const { botToken, signingSecrets, appToken, publicUrl, catalogue, execute, people, store, clock, logger } = options;
  const clientOptions = webClientOptions(options.apiUrl, logger);
  const client = webClient(botToken, clientOptions);
  const http = appToken === null ? honoReceiver({ signingSecrets, clock, logger }) : null;
  const socket = appToken === null ? null : socketReceiver(appToken, clientOptions, logger);
  const app = new App({
    receiver: (http?.receiver ?? socket) as Receiver,
    // Who may do what is asked when it is done; an ack must wait for nobody.
    authorize: async () => ({ botToken }),
    clientOptions,
    logger: quietLogger(logger),
    convoStore: false,
    ignoreSelf: true,
  });
  app.error(async (error) => logger.error('A listener of Slack failed.', { error: String(error) }));

  const directory = slackDirectory(client, clock, logger);
  const identify = identifyWith({ people, directory, admins: options.admins, groupRoles: options.groupRoles });
  const admit = admitWith({ store, identify, execute, clock, logger });
  const linkTo = (clientId: string): string | null =>
    publicUrl === null ? null : new URL(`/api/v1/journeys/${clientId}`, publicUrl).href;
  const cards: CardSource = { show: showJourney, list: listApprovals, clock, linkTo };
  const shared = { admit, client, clock, logger, cards };
  listenToCommand(app, { ...shared, catalogue });
  listenToDecisions(app, { ...shared, decide: decideApproval });
  listenToSurvey(app, { ...shared, record: recordEvidence, directory, store, execute });
  listenToHome(app, { ...shared, journeys: listJourneys });
  listenToLifecycle(app, options.alert);

  // One for all that is told, so that no channel gets more than Slack takes.
  const post = posting(client, store, clock);
  const { channel, stageChannels } = options;
  const channels = [
    ...new Set([...(channel === null ? [] : [channel]), ...Object.values(stageChannels), ...options.noticeChannels]),
  ];
  return {
    routes: http?.routes ?? null,
    telling: channel === null ? null : slackTelling({ post, store, cards, execute, logger, channel, stageChannels }),
    notices: noticesInSlack(client, post),
    check: () =>
      checkSlackApp({ client, clock, channels, signingSecret: signingSecrets[0], receiver: http, publicUrl }),
    start: () => {
      socket?.start().catch((error: unknown) => {
        logger.error('Socket Mode could not connect to Slack.', { error: String(error) });
      });
    },
    stop: async () => {
      await app.stop();
    },
  };
}

function socketReceiver(
  appToken: string,
  clientOptions: ReturnType<typeof webClientOptions>,
  logger: Logger,
): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    logger: quietLogger(logger),
    installerOptions: { clientOptions },
    customPropertiesExtractor: (args: { envelope_id?: string; body?: { event_id?: string } }) => ({
      requestId: requestIdOf(args.body?.event_id ?? args.envelope_id ?? ''),
    }),
  });
}
