import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { doerOf, tokenRevoked } from '../audit.ts';
import { text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const revokeToken = defineUseCase({
  name: 'token.revoke',
  summary: 'Revoke a token by name or id; it is refused from now on.',
  effect: 'destructive',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'DELETE /api/v1/tokens/:token' },
    cli: { verb: 'token revoke', examples: ['token revoke --token=ci'] },
    without: {
      mcp: 'Agents do not give out rights.',
      slack: 'Tokens are for programs; people in Slack are mapped by people map.',
    },
  },
  input: z.strictObject({ token: text(128).describe('The name or the id, as token list shows it.') }),
  output: z.object({ token_id: z.string(), name: z.string(), revoked: z.literal(true) }),
  run: async (dependencies, call, { token }) => {
    const { tokens, clock } = dependencies;
    const revoked = await tokens.revoke(token, clock.machine(), (record) =>
      tokenRevoked(dependencies, doerOf(call), record),
    );
    return revoked
      ? { token_id: revoked.token_id, name: revoked.name, revoked: true as const }
      : refuse('token.unknown', `No token in use is called ${token}.`, 'token list shows all.');
  },
});
