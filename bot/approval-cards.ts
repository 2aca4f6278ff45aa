import { isRefusal } from '#core/errors.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { Clock } from '#application/ports.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import type { Admitted, Outcome } from './acting.ts';
import type { Card } from './views/card.ts';
import { figure } from '#application/notifications/words.ts';
import type { JourneyView } from './views/journey.ts';

/** What cards are drawn from: the same answers that every other door gives. */
export type CardSource = {
  readonly show: AnyUseCase;
  readonly list: AnyUseCase;
  readonly clock: Clock;
  /** Where a journey can be looked at; null: nowhere that others can reach. */
  readonly linkTo: (clientId: string) => string | null;
};

type Run = (useCase: AnyUseCase, input: unknown) => Promise<Outcome | { readonly ok: false; readonly problem: object }>;

/** The open requests that somebody may see, oldest first; at most `most` of them as cards. */
export async function cardsOf(
  source: CardSource,
  { run }: Pick<Admitted, 'run'>,
  most: number,
): Promise<{ readonly open: number; readonly cards: readonly Card[] }> {
  const listed = await run(source.list, {});
  if (!listed.ok || isRefusal(listed.output)) return { open: 0, cards: [] };
  const { approvals } = listed.output as { readonly approvals: readonly JsonObject[] };
  const cards = await Promise.all(
    approvals.slice(0, most).map((row) => cardOf(source, run, figure(row['client_id']), row)),
  );
  return { open: approvals.length, cards: cards.flatMap((card) => card ?? []) };
}

/** The card of an open request; undefined when it is open no longer. */
export async function cardOf(
  { show, clock, linkTo }: CardSource,
  run: Run,
  clientId: string,
  asked: { readonly [name: string]: Json },
): Promise<Card | undefined> {
  const shown = await run(show, { client_id: clientId });
  if (!shown.ok || !('output' in shown)) return undefined;
  const journey = shown.output as JourneyView;
  const { approval } = journey;
  if (approval?.status !== 'open' || approval.approval_id !== asked['approval_id']) return undefined;
  const { approvers, min_approvals: needed } = asked;
  return {
    client_id: clientId,
    approval_id: approval.approval_id,
    digest: approval.digest,
    stage: journey.stage_name,
    day: journey.day,
    target_days: journey.duration_target_days,
    // The approval itself is what is asked for.
    criteria: journey.criteria.filter(({ check_id }) => check_id !== approval.check_id),
    asked_at: clock.journey(),
    expires_at: approval.expires_at,
    min_approvals: typeof needed === 'number' ? needed : 1,
    approvers: Array.isArray(approvers) ? approvers.map(String) : [],
    link: linkTo(clientId),
    votes: approval.votes,
    outcome: { is: 'open' },
  };
}
