import { auditEntry, starting, type AuditEntry } from '#application/audit.ts';
import { cryptoIds } from '#adapters/ids.ts';

/** For stores that want an entry with what they do. */
export const anyEntry = (): AuditEntry =>
  auditEntry({ clock: { journey: () => 0 }, ids: cryptoIds }, starting, {
    type: 'config_activated',
    subject: 'any',
    data: {},
  });
