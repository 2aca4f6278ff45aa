import { catalogue } from '#application/catalogue.ts';
import type { Clock, InProcessAgent, Logger } from '#application/ports.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { sleep, systemClock } from '#adapters/clock.ts';
import { httpApp } from '#http/app.ts';
import { serve } from '#http/serve.ts';
import type { Settings } from '#settings/settings.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { engineOn, type Engine } from '#test/support/engine/orchestrator.ts';
import { asForm, asJson, SIGNING_SECRET, type Signed } from '#examples/slack/requests.ts';
import { CHANNEL, type SlackDouble } from '#examples/slack/slack-double.ts';
import { wideEntrance } from '#test/support/http/wide-entrance.ts';

export type SlackApp = AsyncDisposable & {
  readonly engine: Engine;
  readonly url: string;
  readonly now_s: () => number;
  readonly send: (signed: Signed, headers?: Record<string, string>) => Promise<Response>;
  /** As a form, signed now. */
  readonly form: (body: string) => Promise<Response>;
  readonly json: (body: string) => Promise<Response>;
};

export type SlackAppOptions = {
  readonly database: Database;
  readonly slack: SlackDouble;
  readonly clock?: Clock;
  readonly functions?: { readonly [intent: string]: InProcessAgent };
  readonly settings?: Partial<Settings>;
  readonly slackSettings?: Partial<NonNullable<Settings['slack']>>;
  readonly logger?: Logger;
  readonly keepDatabase?: boolean;
};

export const BOT_TOKEN = 'xoxb-canary-0123456789';

/** The product with its Slack door behind a real socket. */
export async function slackApp(options: SlackAppOptions): Promise<SlackApp> {
  const { slack, clock = systemClock(), logger = quiet, settings, slackSettings } = options;
  const engine = await engineOn({
    ...options,
    settings: {
      ...settings,
      http: { host: '127.0.0.1', port: 0, publicUrl: null, ...settings?.http },
      slack: {
        botToken: BOT_TOKEN,
        signingSecrets: [SIGNING_SECRET],
        appToken: null,
        apiUrl: slack.apiUrl,
        admins: ['U0ADMIN'],
        channel: CHANNEL,
        stageChannels: {},
        groupRoles: {},
        ...slackSettings,
      },
    },
  });
  const { orchestrator } = engine;
  const app = httpApp({
    execute: orchestrator.execute,
    entrance: wideEntrance(orchestrator.authenticate),
    catalogue,
    readiness: orchestrator.readiness,
    metrics: orchestrator.metrics,
    ids: cryptoIds,
    logger,
    now: () => performance.now(),
    version: '0.0.0',
  });
  if (orchestrator.slack?.routes) app.route('/', orchestrator.slack.routes);
  const server = await serve({ app, host: '127.0.0.1', port: 0, logger, sleep });
  const now_s = (): number => Math.floor(clock.machine() / 1_000);
  const send: SlackApp['send'] = ({ headers, body }, more = {}) =>
    fetch(`${server.url}/slack/events`, { method: 'POST', headers: { ...headers, ...more }, body });
  return {
    engine,
    url: server.url,
    now_s,
    send,
    form: (body) => send(asForm(body, now_s())),
    json: (body) => send(asJson(body, now_s())),
    [Symbol.asyncDispose]: async () => {
      await server.close(0);
      await engine.stop();
    },
  };
}
