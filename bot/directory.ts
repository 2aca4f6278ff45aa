import type { Clock, Logger } from '#application/ports.ts';
import { MINUTE, type Instant } from '#core/time.ts';
import { failureOf, type WebClient } from './web-api.ts';

/** A Slack user as Slack has them now. */
export type Profile = {
  readonly isBot: boolean;
  readonly isDeactivated: boolean;
  readonly isGuest: boolean;
};

export type SlackDirectory = {
  /** Throws when Slack does not say. */
  readonly profile: (userId: string) => Promise<Profile>;
  /** The user groups that the user is in. When Slack does not say: what it last said, for a while; then none. */
  readonly groupsOf: (userId: string) => Promise<readonly string[]>;
  /** The workspace that the app is installed in; throws when Slack does not say. */
  readonly ownTeam: () => Promise<string>;
};

const FRESH_MS = MINUTE;
const GROUPS_HELD_MS = 10 * MINUTE;
const MOST_PROFILES = 5_000;

type Groups = { readonly at: Instant; readonly members: ReadonlyMap<string, readonly string[]> };

/** What Slack knows of people, asked at most once a minute each. */
export function slackDirectory(client: WebClient, clock: Clock, logger: Logger): SlackDirectory {
  const profiles = new Map<string, { readonly at: Instant; readonly profile: Profile }>();
  let groups: Groups | undefined;
  let asking: Promise<Groups> | undefined;
  let team: string | undefined;

  const readGroups = async (): Promise<Groups> => {
    const { usergroups = [] } = await client.usergroups.list({ include_users: true });
    const members = new Map<string, string[]>();
    for (const { id, users = [] } of usergroups)
      for (const user of users) if (id !== undefined) members.set(user, [...(members.get(user) ?? []), id]);
    return { at: clock.machine(), members };
  };

  return {
    profile: async (userId) => {
      const known = profiles.get(userId);
      if (known && clock.machine() - known.at < FRESH_MS) return known.profile;
      const { user } = await client.users.info({ user: userId });
      const profile = {
        isBot: user?.is_bot === true || userId === 'USLACKBOT',
        isDeactivated: user?.deleted === true,
        isGuest: user?.is_restricted === true || user?.is_ultra_restricted === true,
      };
      profiles.delete(userId);
      profiles.set(userId, { at: clock.machine(), profile });
      const [oldest] = profiles.keys();
      if (profiles.size > MOST_PROFILES && oldest !== undefined) profiles.delete(oldest);
      return profile;
    },
    groupsOf: async (userId) => {
      const age_ms = groups ? clock.machine() - groups.at : Number.POSITIVE_INFINITY;
      if (age_ms >= FRESH_MS) {
        asking ??= readGroups().finally(() => {
          asking = undefined;
        });
        try {
          groups = await asking;
        } catch (error) {
          logger.warn('Slack did not say who is in which user group.', { problem: failureOf(error).problem });
          if (age_ms >= GROUPS_HELD_MS) groups = undefined;
        }
      }
      return groups?.members.get(userId) ?? [];
    },
    ownTeam: async () => {
      team ??= (await client.auth.test({})).team_id;
      if (team === undefined) throw new Error('Slack did not name the workspace.');
      return team;
    },
  };
}
