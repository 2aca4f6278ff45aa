import { createHmac } from 'node:crypto';
import { CHANNEL, TEAM, type Fields } from './slack-double.ts';

/** Requests in the shapes that Slack sends, signed as Slack signs. */
export const SIGNING_SECRET = 'signing-secret-of-the-tests';

export type Signed = { readonly headers: Record<string, string>; readonly body: string };
export type Signing = { readonly at_s: number; readonly secret?: string };

export function signed(body: string, type: string, { at_s, secret = SIGNING_SECRET }: Signing): Signed {
  const stamp = String(Math.floor(at_s));
  return {
    body,
    headers: {
      'content-type': type,
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`,
    },
  };
}

const FORM = 'application/x-www-form-urlencoded';
let serial = 0;
/** Two requests never have the same trigger, as with Slack. */
const trigger = (): string => `${(serial += 1)}.1234567890.abcdef0123456789`;

export const command = (text: string, user: string, responseUrl: string, more: Fields = {}): string =>
  new URLSearchParams({
    token: 'deprecated',
    team_id: TEAM,
    team_domain: 'own',
    channel_id: CHANNEL,
    channel_name: 'journeys',
    user_id: user,
    user_name: 'somebody',
    command: '/journey',
    text,
    api_app_id: 'A0APP',
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: trigger(),
    ...(more as Record<string, string>),
  }).toString();

const payload = (value: Fields): string => new URLSearchParams({ payload: JSON.stringify(value) }).toString();

export type Click = {
  readonly action_id: string;
  readonly value?: string;
  readonly user: string;
  /** The user's own workspace. */
  readonly team?: string;
  readonly responseUrl: string;
};

export const click = ({ action_id, value, user, team = TEAM, responseUrl }: Click): string =>
  payload({
    type: 'block_actions',
    user: { id: user, username: 'an-admin', name: 'an-admin', team_id: team },
    api_app_id: 'A0APP',
    token: 'deprecated',
    container: { type: 'message', message_ts: '1700000001.000100', channel_id: CHANNEL, is_ephemeral: false },
    trigger_id: trigger(),
    team: { id: TEAM, domain: 'own' },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: CHANNEL, name: 'journeys' },
    message: { type: 'message', ts: '1700000001.000100', text: 'Approve?' },
    state: { values: {} },
    response_url: responseUrl,
    actions: [
      {
        action_id,
        block_id: 'b1',
        text: { type: 'plain_text', text: action_id, emoji: true },
        ...(value === undefined ? {} : { value }),
        type: 'button',
        action_ts: '1700000002.000100',
      },
    ],
  });

export const submission = (view: Fields, values: Fields, user: string): string =>
  payload({
    type: 'view_submission',
    team: { id: TEAM, domain: 'own' },
    user: { id: user, username: 'somebody', name: 'somebody', team_id: TEAM },
    api_app_id: 'A0APP',
    token: 'deprecated',
    trigger_id: trigger(),
    view: {
      id: `V${(serial += 1)}`,
      team_id: TEAM,
      type: 'modal',
      hash: '1',
      root_view_id: 'V1',
      app_id: 'A0APP',
      bot_id: 'B0BOT',
      ...view,
      state: { values },
    },
    response_urls: [],
    is_enterprise_install: false,
    enterprise: null,
  });

export const event = (inner: Fields, id = `Ev${(serial += 1)}`): string =>
  JSON.stringify({
    token: 'deprecated',
    team_id: TEAM,
    api_app_id: 'A0APP',
    event: inner,
    type: 'event_callback',
    event_id: id,
    event_time: 1_700_000_000,
    authorizations: [
      { enterprise_id: null, team_id: TEAM, user_id: 'U0BOT', is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
  });

export const asForm = (body: string, at_s: number, secret?: string): Signed =>
  signed(body, FORM, { at_s, ...(secret === undefined ? {} : { secret }) });
export const asJson = (body: string, at_s: number): Signed => signed(body, 'application/json', { at_s });
