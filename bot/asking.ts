import type { SlackUser } from './identity.ts';
import type { Conversation } from './conversation.ts';

/** Who asked, with which request, and how they are answered. */
export type Asking = {
  readonly user: SlackUser;
  readonly requestId: string;
  readonly talk: Conversation;
};

/** In a channel that is shared with others, a person's own workspace is not the one that the channel is in. */
export const ownTeamOf = (user: object, teamId: string | undefined): string => {
  const own = 'team_id' in user ? user.team_id : undefined;
  return typeof own === 'string' ? own : (teamId ?? '');
};
