import { succeeds } from '#core/journey/evolve.ts';
import type { Observation } from '#core/criteria/evidence.ts';
import type { Cell } from './encode.ts';
import type { ApprovalRow, Pending } from './pending-rows.ts';

export function evidenceRows(pending: Pending, seq: number, observations: readonly Observation[]): void {
  if (observations.length === 0) return;
  const { recording, bucket, put } = pending;
  const current = (pending.current ??= new Map());
  for (const [ordinal, seen] of observations.entries()) {
    const { kind, subject, origin } = seen;
    put(
      'evidence',
      recording.clientId,
      bucket,
      seq,
      ordinal,
      kind,
      subject,
      JSON.stringify(seen.value),
      seen.observedAt,
      seen.source,
      origin,
      seen.recordedBy,
      seen.stageEntry,
    );
    const key = `${kind}\n${subject}\n${origin}`;
    const other = current.get(key);
    if (!other || succeeds(seen, other)) current.set(key, seen);
  }
}

export function currentRows({ recording, bucket, current, put }: Pending): void {
  for (const { kind, subject, origin, value, observedAt, source, recordedBy, stageEntry } of current?.values() ?? [])
    put(
      'evidence_current',
      recording.clientId,
      bucket,
      kind,
      subject,
      origin,
      JSON.stringify(value),
      observedAt,
      source,
      recordedBy,
      stageEntry,
    );
}

export function approvalRow(pending: Pending, id: string): ApprovalRow {
  const there = pending.approvals?.get(id);
  if (there) return there;
  const row: ApprovalRow = {
    asked: null,
    status: 'open',
    votes: [],
    by: null,
    reason: null,
    said: false,
    reminders: null,
  };
  (pending.approvals ??= new Map()).set(id, row);
  return row;
}

export function approvalRows({ recording, bucket, approvals, put }: Pending): void {
  const { clientId } = recording;
  for (const [id, { asked, status, votes, by, reason, said, reminders }] of approvals ?? []) {
    const tail: Cell[] = [by, reason, status !== 'open'];
    if (!asked) put('approval_update', clientId, id, status, JSON.stringify(votes), ...tail, said, reminders);
    else
      put(
        'approval_insert',
        clientId,
        bucket,
        id,
        asked.stage,
        asked.entry,
        asked.check_id,
        status,
        asked.digest,
        JSON.stringify(asked.outcomes),
        JSON.stringify(asked.approvers),
        asked.min_approvals,
        JSON.stringify(votes),
        asked.expires_at,
        ...tail,
        reminders ?? 0,
      );
  }
}
