import { z } from 'zod';
import type { AuditPosition, AuditRow } from '../audit.ts';
import { ClientId, iso, text } from '../fields.ts';
import { effectiveRoles } from '../principal.ts';
import { defineUseCase, doors } from '../use-case.ts';

const Time = z.iso.datetime({ offset: true, error: 'must be a time, as 2026-02-01T09:00:00Z' });

const Entry = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  /** `rest`, `cli`, `mcp`, `slack`, `agent`, `scheduler`; `start` and `reload` are the process itself. */
  door: z.string(),
  type: z.string(),
  subject: z.string(),
  client_id: z.string().nullable(),
  /** Of an event: its number in the journey's history, which has all of it. */
  seq: z.number().nullable(),
  request_id: z.string(),
  data: z.record(z.string(), z.unknown()).nullable(),
});

export const showAudit = defineUseCase({
  name: 'audit.list',
  summary:
    'Who did what, when, by which door and with which request, over all journeys and beside them; the newest first.',
  effect: 'read',
  allow: ['operator'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'GET /api/v1/audit' },
    cli: {
      verb: 'audit',
      examples: ['audit --actor=ann', 'audit --client-id="client-123" --door=slack', 'audit --type=token_created'],
    },
    without: {
      mcp: 'Who did what is for people to look into; an agent reads a journey’s history.',
      slack: 'It is long, and a channel would keep a copy.',
    },
  },
  input: z.strictObject({
    actor: text(255).optional().describe('Who did it, as status and history name them.'),
    client_id: ClientId.optional(),
    door: z
      .enum([...doors, 'start', 'reload'])
      .optional()
      .describe('By which way it came.'),
    type: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,49}$/, 'must be a type, as stage_entered or token_created')
      .optional()
      .describe('What was done, as stage_entered or token_created.'),
    from: Time.optional().describe('Not before, as 2026-02-01T09:00:00Z.'),
    to: Time.optional().describe('Not after.'),
    cursor: z
      .string()
      .regex(
        /^\d{1,15}~(aud-[\w-]{1,60}|evt-[A-Za-z0-9._-]{1,128}:\d{1,9})$/,
        'must be the next_cursor of the page before',
      )
      .optional()
      .describe('next_cursor of the page before.'),
    limit: z.coerce.number().int().min(1).max(500).default(50).describe('Entries a page.'),
  }),
  output: z.object({ entries: z.array(Entry), next_cursor: z.string().nullable() }),
  client: ({ client_id }) => client_id,
  run: async ({ audit, clock }, { principal }, { actor, client_id, door, type, from, to, cursor, limit }) => {
    const rows = await audit.list({
      actor,
      clientId: client_id,
      door,
      type,
      from: from === undefined ? undefined : Date.parse(from),
      to: to === undefined ? undefined : Date.parse(to),
      before: cursor === undefined ? undefined : positionOf(cursor),
      clients: principal.clients,
      // Tokens and people are for admins, and whoever is limited to some clients is none of theirs.
      server: principal.clients === null && effectiveRoles(principal).has('admin'),
      now: clock.journey(),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      entries: page.map((row) => ({
        id: idOf(row),
        at: iso(row.at),
        actor: row.actor,
        door: row.door,
        type: row.type,
        subject: row.subject,
        client_id: row.client_id,
        seq: row.seq,
        request_id: row.request_id,
        data: row.data,
      })),
      next_cursor: rows.length > limit && last ? `${last.at}~${idOf(last)}` : null,
    };
  },
});

const idOf = ({ client_id, seq, entry_id }: AuditRow): string => entry_id ?? `evt-${client_id}:${seq}`;

function positionOf(cursor: string): AuditPosition {
  const [at = '', id = ''] = cursor.split('~');
  const event = /^evt-(.*):(\d+)$/.exec(id);
  return event
    ? { at: Number(at), clientId: event[1] ?? '', seq: Number(event[2]), entryId: '' }
    : { at: Number(at), clientId: '', seq: 0, entryId: id };
}
