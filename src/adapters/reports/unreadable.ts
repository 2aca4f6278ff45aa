import type { ReportRead } from '#application/reports.ts';

export type Unreadable = Extract<ReportRead, { readonly ok: false }>;

/** Why a document is not counted, and what to do about it. */
export const unreadable = (problem: string, hint?: string): Unreadable => ({
  ok: false,
  problem,
  ...(hint === undefined ? {} : { hint }),
});

export const isUnreadable = (value: object): value is Unreadable => 'problem' in value;
