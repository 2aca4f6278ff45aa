import type { App } from '@slack/bolt';
import type { AnyUseCase } from '#application/use-case.ts';
import type { Admitted } from './acting.ts';
import { cardsOf, type CardSource } from './approval-cards.ts';
import type { FormOptions } from './forms.ts';
import { home, homeRefusal, type HomeJourney } from './views/home.ts';
import { failureOf } from './web-api.ts';

export type HomeOptions = FormOptions & { readonly cards: CardSource; readonly journeys: AnyUseCase };

const MOST_CARDS = 3;
const MOST_JOURNEYS = 20;

/** The home tab: drawn anew whenever somebody looks. */
export function listenToHome(app: App, options: HomeOptions): void {
  const { admit, client, logger } = options;
  app.event('app_home_opened', async ({ event, body, context }) => {
    if (event.tab !== 'home') return;
    const user = { teamId: body.team_id, userId: event.user };
    const admission = await admit({ user, requestId: String(context['requestId']) });
    if (!admission.ok && admission.repeated) return;
    const view = admission.ok
      ? await homeOf(options, admission.admitted)
      : homeRefusal(admission.problem.message, admission.problem.hint);
    await client.views.publish({ user_id: event.user, view }).catch((error: unknown) => {
      logger.warn('A home tab could not be drawn.', { problem: failureOf(error).problem });
    });
  });
}

async function homeOf({ cards, journeys }: HomeOptions, admitted: Admitted) {
  const [approvals, started] = await Promise.all([
    cardsOf(cards, admitted, MOST_CARDS),
    admitted.run(journeys, { started_by: admitted.principal.id, limit: MOST_JOURNEYS }),
  ]);
  const mine = started.ok ? (started.output as { readonly journeys: readonly HomeJourney[] }).journeys : [];
  return home(approvals.cards, approvals.open, mine);
}
