import { DAY, HOUR, MINUTE } from '../time.ts';
import type { BlockerKind } from './blocker.ts';

/** A span as people say it: `40 s`, `12 min`, `3 h`, `2 days`. */
export function spanText(span_ms: number): string {
  const span = Math.max(0, span_ms);
  if (span < MINUTE) return `${Math.floor(span / 1_000)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} days`;
}

/** Verdicts rest on what was measured then; everything else has been so since then. */
export const agoText = (span_ms: number, kind: BlockerKind): string =>
  kind.startsWith('criterion_') ? `measured ${spanText(span_ms)} ago` : `for ${spanText(span_ms)}`;
