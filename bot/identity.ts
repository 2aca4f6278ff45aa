import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import type { PeopleStore, PersonRecord } from '#application/dependencies.ts';
import { roles as allRoles, type Principal, type Role } from '#application/principal.ts';
import type { Profile, SlackDirectory } from './directory.ts';
import { failureOf } from './web-api.ts';

/** A Slack user, by their own workspace: in a shared channel that is not the one of the channel. */
export type SlackUser = { readonly teamId: string; readonly userId: string };

/** `decidingOn`: the client whose approval somebody decides on, so that members of a group that is named as an approver may. */
export type Identify = (user: SlackUser, decidingOn?: string) => Promise<Principal | Refusal>;

export type IdentityOptions = {
  readonly people: Pick<PeopleStore, 'find'>;
  readonly directory: SlackDirectory;
  /** `U…` of the app's own workspace, or `T…/U…`. */
  readonly admins: readonly string[];
  readonly groupRoles: { readonly [groupId: string]: readonly string[] };
};

/** Who a Slack user is here, asked at every click: whoever is unmapped or deactivated is nobody from then on. */
export function identifyWith({ people, directory, admins, groupRoles }: IdentityOptions): Identify {
  return async (user, decidingOn) => {
    const [profile, mapped] = await Promise.all([profileOf(directory, user), people.find(user.teamId, user.userId)]);
    if (isRefusal(profile)) return profile;
    if (profile.isBot) return refuse('person.not_allowed', 'A bot cannot act here.', 'Only people can.');
    if (profile.isDeactivated) return refuse('person.not_allowed', `The Slack user ${user.userId} is deactivated.`);
    const own = await ownTeam(directory);
    if (isRefusal(own)) return own;
    // Groups and settings speak of the own workspace's members; guests and strangers count only once somebody has mapped them.
    const member = user.teamId === own && !profile.isGuest;
    const groups = member ? await directory.groupsOf(user.userId) : [];
    const isAdmin = admins.includes(`${user.teamId}/${user.userId}`) || (member && admins.includes(user.userId));
    const principal = principalOf(user, mapped, isAdmin, groups, groupRoles);
    if (principal.roles.length > 0) return principal;
    // Whether one of the groups is an approver, the engine decides. Whoever has no role sees that one client and no other.
    return groups.length > 0 && decidingOn !== undefined
      ? { ...principal, roles: ['viewer'], clients: [decidingOn] }
      : stranger(user, profile, own, admins);
  };
}

async function profileOf(directory: SlackDirectory, { userId }: SlackUser): Promise<Profile | Refusal> {
  try {
    return await directory.profile(userId);
  } catch (error) {
    return unavailable(error);
  }
}

async function ownTeam(directory: SlackDirectory): Promise<string | Refusal> {
  try {
    return await directory.ownTeam();
  } catch (error) {
    return unavailable(error);
  }
}

const unavailable = (error: unknown): Refusal =>
  refuse(
    'slack.unavailable',
    `Slack could not say who you are (${failureOf(error).problem}) Nothing was done.`,
    'Try again in a minute.',
  );

function principalOf(
  { teamId, userId }: SlackUser,
  mapped: PersonRecord | null,
  isAdmin: boolean,
  groups: readonly string[],
  groupRoles: IdentityOptions['groupRoles'],
): Principal {
  const byGroup = groups.flatMap((group) => groupRoles[group] ?? []);
  const named = new Set<string>([...(mapped?.roles ?? []), ...(isAdmin ? ['admin'] : []), ...byGroup]);
  const roles: readonly Role[] = allRoles.filter((role) => named.has(role));
  return {
    id: mapped?.principal ?? `slack:${teamId}:${userId}`,
    kind: 'user',
    roles,
    groups: groups.map((group) => `slack_group:${group}`),
    clients: isAdmin ? null : (mapped?.clients ?? null),
    evidenceKinds: [],
    intents: [],
  };
}

function stranger(user: SlackUser, profile: Profile, own: string, admins: readonly string[]): Refusal {
  const who = user.teamId !== own ? 'of another workspace' : profile.isGuest ? 'a guest' : 'not known here';
  const asked = admins.length > 0 ? `Ask an admin (${admins.slice(0, 3).join(', ')})` : 'Ask an admin';
  return refuse(
    'person.not_allowed',
    `Your Slack user ${user.userId} is ${who} and mapped to nobody.`,
    `${asked} to map you: /journey people map, or journey-cli people map --team-id=${user.teamId} --user-id=${user.userId} …`,
  );
}
