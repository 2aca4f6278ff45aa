import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { invariants, type Violation } from '#core/verify/violation.ts';
import { MINUTE } from '#core/time.ts';
import { ClientId } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';
import { verifyPage, verifyWhole } from '../verify.ts';

/** Two looks at what is due, and the time that a busy store takes for them. */
const GRACE_MS = 3 * MINUTE;

const Found = z.object({ invariant: z.string(), holds: z.string(), message: z.string() });

export const verifyStore = defineUseCase({
  name: 'store.verify',
  summary: 'Read what is stored, judge it again by the invariants, and name what should not be. It changes nothing.',
  effect: 'read',
  // It reads every client, so it is for those who may see every client.
  allow: ['admin'],
  surface: {
    http: { route: 'GET /api/v1/verify' },
    cli: { verb: 'verify', examples: ['verify', 'verify --client-id="client-123"'] },
    without: { mcp: 'The store is for operators to check.', slack: 'What it finds is for whoever runs the store.' },
  },
  input: z.strictObject({
    client_id: ClientId.optional().describe('Only this client.'),
    after: z.string().max(255).optional().describe('Only clients after this id.'),
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('Clients a page.'),
  }),
  output: z.object({
    clients: z.array(z.object({ client_id: z.string(), version: z.number(), violations: z.array(Found) })),
    /** What is not about one client; told with the last page. */
    whole: z.array(Found),
    next_after: z.string().nullable(),
  }),
  client: ({ client_id }) => client_id,
  run: async ({ verification, plans, clock, ids, eventCopy }, _call, { client_id, after, limit }) => {
    const verifier = { store: verification, plans, clock, digest: ids.digest, eventCopy };
    const found = await verifyPage(verifier, {
      clientId: client_id,
      after: after ?? '',
      limit: limit + 1,
      grace_ms: GRACE_MS,
    });
    if (client_id !== undefined && found.length === 0)
      return refuse('journey.unknown', `No journey of ${client_id} is known.`, 'verify without a client reads all.');
    const page = found.slice(0, limit);
    const isLast = found.length <= limit;
    return {
      clients: page.map(({ clientId, version, violations }) => ({
        client_id: clientId,
        version,
        violations: violations.map(told),
      })),
      whole: isLast && client_id === undefined ? (await verifyWhole(verifier)).map(told) : [],
      next_after: isLast ? null : (page.at(-1)?.clientId ?? null),
    };
  },
});

const told = ({ invariant, message }: Violation) => ({ invariant, holds: invariants[invariant], message });
