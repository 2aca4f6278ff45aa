import type { VariablesRead } from './read-variables.ts';
import type { Values } from './values.ts';
import { shown, type Problem } from './problem.ts';
import type { SlackSettings } from './settings.ts';

const roleNames = ['viewer', 'operator', 'approver', 'admin'];
const CHANNEL = '[CG][A-Z0-9]{6,20}';

/** How each list must look, item by item, and how that is said. */
const shapes: readonly { readonly name: string; readonly item: RegExp; readonly allowed: string }[] = [
  {
    name: 'SLACK_ADMINS',
    item: /^([TE][A-Z0-9]{1,20}\/)?[UW][A-Z0-9]{1,20}$/,
    allowed: 'must be user ids, as U012AB3CD or T012AB3CD/U012AB3CD, separated by commas',
  },
  {
    name: 'SLACK_CHANNEL',
    item: new RegExp(`^${CHANNEL}$`),
    allowed: 'must be the id of a channel, as C012AB3CD (in Slack: channel details, at the bottom)',
  },
  {
    name: 'SLACK_STAGE_CHANNELS',
    item: new RegExp(`^[a-z0-9][a-z0-9_-]{0,63}=${CHANNEL}$`),
    allowed: 'must be stages with channel ids, as pilot=C012AB3CD, separated by commas',
  },
  {
    name: 'SLACK_GROUP_ROLES',
    item: new RegExp(`^S[A-Z0-9]{1,20}=(${roleNames.join('|')})([+](${roleNames.join('|')}))*$`),
    allowed: `must be user group ids with roles (${roleNames.join(', ')}), as S012AB3CD=operator+viewer, separated by commas`,
  },
];

export function slackProblems(given: VariablesRead['given']): readonly Problem[] {
  const misshapen = shapes.flatMap(({ name, item, allowed }): readonly Problem[] => {
    const said = given.get(name);
    if (said === undefined) return [];
    const items = list(String(said.value));
    return items.length > 0 && items.every((one) => item.test(one)) && (name !== 'SLACK_CHANNEL' || items.length === 1)
      ? []
      : [{ where: said.source, path: name, value: shown(said.value), allowed }];
  });
  const has = (name: string): boolean => given.has(name);
  if (has('SLACK_BOT_TOKEN') && !has('SLACK_SIGNING_SECRET') && !has('SLACK_APP_TOKEN'))
    return [
      ...misshapen,
      missing(
        'SLACK_SIGNING_SECRET',
        'missing: with SLACK_BOT_TOKEN, set it for requests over HTTP, or SLACK_APP_TOKEN for Socket Mode',
      ),
    ];
  const orphan = ['SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN', 'SLACK_CHANNEL', 'SLACK_ADMINS'].find(has);
  if (orphan !== undefined && !has('SLACK_BOT_TOKEN'))
    return [
      ...misshapen,
      missing('SLACK_BOT_TOKEN', `missing although ${orphan} is set: Slack cannot be answered without it`),
    ];
  return misshapen;
}

const missing = (path: string, allowed: string): Problem => ({ where: 'environment', path, allowed });

export function slackOf({ text }: Values): SlackSettings | null {
  const botToken = text('SLACK_BOT_TOKEN');
  if (botToken === null) return null;
  const items = (name: string): readonly string[] => list(text(name) ?? '');
  const pairs = (name: string): readonly (readonly [string, string])[] =>
    items(name).map((item) => {
      const [key = '', value = ''] = item.split('=');
      return [key, value];
    });
  return {
    botToken,
    signingSecrets: items('SLACK_SIGNING_SECRET'),
    appToken: text('SLACK_APP_TOKEN'),
    apiUrl: text('SLACK_API_URL') ?? '',
    admins: items('SLACK_ADMINS'),
    channel: text('SLACK_CHANNEL'),
    stageChannels: Object.fromEntries(pairs('SLACK_STAGE_CHANNELS')),
    groupRoles: Object.fromEntries(pairs('SLACK_GROUP_ROLES').map(([group, roles]) => [group, roles.split('+')])),
  };
}

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
