import type { z } from 'zod';
import type { createToken } from '#application/use-cases/create-token.ts';
import type { listTokens } from '#application/use-cases/list-tokens.ts';
import type { showAudit } from '#application/use-cases/show-audit.ts';
import type { Paper } from './paper.ts';
import { table } from './table.ts';
import { inLine, time } from './values.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];
type Answer<U extends { readonly output: z.ZodType }> = z.output<U['output']>;

export const tokenLines = (_paper: Paper, { token_id, name, token, expires_at }: Answer<typeof createToken>): Lines => [
  `The token of ${name} (${token_id}), shown this once; it ${expires_at === null ? 'does not expire' : `expires ${time(expires_at)}`}:`,
  '',
  token,
];

export function tokensLines(paper: Paper, { tokens }: Answer<typeof listTokens>): Lines {
  if (tokens.length === 0) return ['No tokens.'];
  return table(
    paper,
    ['Name', 'Kind', 'Roles', 'Clients', 'Expires', 'Last used', 'Revoked'],
    tokens.map((one) => [
      one.name,
      one.kind,
      one.roles.join(', '),
      one.clients === null ? 'all' : one.clients.join(', '),
      one.expires_at === null ? 'never' : time(one.expires_at),
      one.last_used_at === null ? 'never' : time(one.last_used_at),
      one.revoked_at === null ? '' : time(one.revoked_at),
    ]),
  );
}

export function auditLines(paper: Paper, { entries, next_cursor }: Answer<typeof showAudit>): Lines {
  if (entries.length === 0) return ['Nothing that fits.'];
  return [
    ...table(
      paper,
      ['At', 'By', 'What', 'To', 'Request', 'More'],
      entries.map((one) => [
        time(one.at),
        `${one.actor} (${one.door})`,
        one.type,
        one.seq === null ? one.subject : `${one.subject} #${one.seq}`,
        one.request_id,
        one.data === null ? '' : inLine(one.data),
      ]),
    ),
    ...(next_cursor === null
      ? []
      : ['', ...wrap(`There are more: --cursor=${next_cursor}, or a larger --limit.`, paper.width)]),
  ];
}
