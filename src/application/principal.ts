/** viewer: reads. operator: runs journeys. approver: decides on approvals. admin: everything but approvals. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whoever speaks to us, as authenticated by a door. */
export type Principal = {
  readonly id: string;
  readonly kind: 'user' | 'agent' | 'system';
  readonly roles: readonly Role[];
  /** The only clients that it may see or touch; null: all. */
  readonly clients: readonly string[] | null;
  /** The evidence kinds that it may record besides what its roles allow. */
  readonly evidenceKinds: readonly string[];
  /** The only intents whose tasks it may claim; null: all. */
  readonly intents: readonly string[] | null;
  /** The groups that the door has found it in, as approvers name them: `group:<name>`, `slack_group:<id>`. */
  readonly groups?: readonly string[];
};

/** An admin is an operator, and everybody with a role may read; nobody approves without being named an approver. */
const includes: Record<Role, readonly Role[]> = {
  viewer: ['viewer'],
  operator: ['viewer', 'operator'],
  approver: ['viewer', 'approver'],
  admin: ['viewer', 'operator', 'admin'],
};

export const effectiveRoles = ({ roles: given }: Principal): ReadonlySet<Role> =>
  new Set(given.flatMap((role) => includes[role]));

export const system: Principal = {
  id: 'system',
  kind: 'system',
  roles: ['admin'],
  clients: null,
  evidenceKinds: [],
  intents: null,
};

export const maySee = ({ clients }: Principal, clientId: string): boolean =>
  clients === null || clients.includes(clientId);
