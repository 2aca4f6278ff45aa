import { isAllowed } from '#application/execute.ts';
import { effectiveRoles, type Principal } from '#application/principal.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import type { McpCaller } from './offer.ts';

export const scopes = ['journeys:read', 'journeys:write', 'work:claim'] as const;
export type Scope = (typeof scopes)[number];

export const scopeOf = ({ name, effect }: AnyUseCase): Scope =>
  name.startsWith('task.') ? 'work:claim' : effect === 'read' ? 'journeys:read' : 'journeys:write';

/**
 * What a token allows over this door, in the words of OAuth. Asked of the principal as it was authenticated: over MCP
 * everybody is an agent, and a person who only reads must not come by an agent's right to do tasks that way.
 */
export function scopesOf(authenticated: Principal): readonly Scope[] {
  const has = effectiveRoles(authenticated);
  const reads = has.has('viewer');
  const writes = has.has('operator') || authenticated.evidenceKinds.length > 0;
  const works = reads && (authenticated.kind === 'agent' || has.has('operator'));
  return scopes.filter((scope) => ({ 'journeys:read': reads, 'journeys:write': writes, 'work:claim': works })[scope]);
}

/** Whether the caller is shown the tool of this use-case, and may call it. */
export const mayUse = ({ principal, scopes: granted, readOnly }: McpCaller, useCase: AnyUseCase): boolean =>
  (!readOnly || useCase.effect === 'read') && granted.includes(scopeOf(useCase)) && isAllowed(useCase, principal);
