import { createHmac } from 'node:crypto';
import type { SlackFinding } from '#application/dependencies.ts';
import type { Clock } from '#application/ports.ts';
import { SECOND } from '#core/time.ts';
import { SLACK_PATH, type HonoReceiver } from './receiver.ts';
import { failureOf, type WebClient } from './web-api.ts';
import { when } from '#application/notifications/words.ts';

/** What the app must be allowed, and what for: bot/manifest.yaml asks for these and no more. */
export const neededScopes: Readonly<Record<string, string>> = {
  commands: 'the command /journey',
  'chat:write': 'cards, notices and answers',
  'channels:history': 'to find in public channels what may have been posted already',
  'channels:read': 'to check its channels',
  'groups:history': 'the same in private channels that it is in',
  'groups:read': 'the same for private channels',
  'im:history': 'the same in conversations with people whom notices go to',
  'im:write': 'to write notices to people',
  'users:read': 'to tell people from bots, guests and deactivated users',
  'usergroups:read': 'roles and approvers by user group',
};

export type CheckOptions = {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly channels: readonly string[];
  readonly signingSecret: string | undefined;
  readonly receiver: Pick<HonoReceiver, 'routes' | 'last'> | null;
  readonly publicUrl: string | null;
};

/** Each thing that can be wrong with an installation, asked where the answer is known. */
export async function checkSlackApp(options: CheckOptions): Promise<readonly SlackFinding[]> {
  const { client, channels } = options;
  const [app, ...inChannels] = await Promise.all([
    tokenAndScopes(client),
    ...channels.map((channel) => channelFinding(client, channel)),
  ]);
  return [...app, ...inChannels, ...(await signedWay(options))];
}

const fine = (what: string, found: string): SlackFinding => ({ what, ok: true, found, hint: null });
const bad = (what: string, found: string, hint: string): SlackFinding => ({ what, ok: false, found, hint });

async function tokenAndScopes(client: WebClient): Promise<readonly SlackFinding[]> {
  try {
    const { team, team_id, user, response_metadata } = await client.auth.test({});
    const granted = new Set(response_metadata?.scopes ?? []);
    const missing = Object.entries(neededScopes).filter(([scope]) => !granted.has(scope));
    return [
      fine('token', `${user ?? 'The app'} in ${team ?? team_id ?? 'a workspace'} (${team_id ?? '?'})`),
      missing.length === 0
        ? fine('scopes', [...granted].join(', '))
        : bad(
            'scopes',
            `missing: ${missing.map(([scope, why]) => `${scope} (${why})`).join(', ')}`,
            'Update the app from bot/manifest.yaml and install it again.',
          ),
    ];
  } catch (error) {
    return [
      bad('token', failureOf(error).problem, 'Set SLACK_BOT_TOKEN to the Bot User OAuth Token of the installed app.'),
    ];
  }
}

async function channelFinding(client: WebClient, channel: string): Promise<SlackFinding> {
  const what = `channel ${channel}`;
  try {
    const { channel: found } = await client.conversations.info({ channel });
    if (found?.is_archived === true) return bad(what, `#${found.name ?? channel} is archived`, 'Name another channel.');
    return found?.is_member === true
      ? fine(what, `#${found.name ?? channel}`)
      : bad(what, `The app is not in #${found?.name ?? channel}`, 'In that channel, type /invite @journey.');
  } catch (error) {
    return bad(what, failureOf(error).problem, 'Name a channel by its id, and invite the app to it.');
  }
}

/** Sends a request that is signed as Slack signs, by the way that Slack takes if a public URL is known. */
async function signedWay(options: CheckOptions): Promise<readonly SlackFinding[]> {
  const { receiver, signingSecret, publicUrl } = options;
  if (receiver === null || signingSecret === undefined)
    return [fine('requests', 'Socket Mode: Slack is reached from here, nothing has to reach us')];
  const what = 'signed request';
  const { accepted, refused } = receiver.last();
  const heard = `last request of Slack's accepted: ${accepted === null ? 'none yet' : when(accepted)}; last refused: ${refused === null ? 'none' : when(refused)}`;
  const by = publicUrl === null ? 'in this process (JOURNEY_PUBLIC_URL is not set)' : `by way of ${publicUrl}`;
  try {
    const answer = await send(options, signingSecret);
    return answer === 'echo'
      ? [fine(what, `came back ${by}; ${heard}`)]
      : [bad(what, `answered ${answer} ${by}; ${heard}`, `Let ${SLACK_PATH} of the public URL lead here.`)];
  } catch (error) {
    return [
      bad(
        what,
        `did not come back ${by}: ${String(error)}`,
        'Check JOURNEY_PUBLIC_URL, the Ingress and its certificate.',
      ),
    ];
  }
}

async function send({ clock, receiver, publicUrl }: CheckOptions, secret: string): Promise<string> {
  const challenge = `check-${clock.machine()}`;
  const body = JSON.stringify({ type: 'url_verification', challenge });
  const stamp = String(Math.floor(clock.machine() / SECOND));
  const request = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`,
    },
    body,
  };
  const response =
    publicUrl === null
      ? await receiver?.routes.request(SLACK_PATH, request)
      : await fetch(new URL(SLACK_PATH, publicUrl), { ...request, redirect: 'error' });
  const text = await response?.text();
  return response?.ok === true && text?.includes(challenge) === true ? 'echo' : String(response?.status ?? 'nothing');
}
