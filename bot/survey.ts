import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { z } from 'zod';
import { ClientId } from '#application/fields.ts';
import { effectiveRoles, type Principal } from '#application/principal.ts';
import type { Execute } from '#application/execute.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import type { SlackStore } from '#application/slack-store.ts';
import type { CardSource } from './approval-cards.ts';
import { ownTeamOf, type Asking } from './asking.ts';
import { again, conversation } from './conversation.ts';
import type { SlackDirectory } from './directory.ts';
import type { FormOptions } from './forms.ts';
import { refusal } from './views/answers.ts';
import type { JourneyView } from './views/journey.ts';
import { SCORE, survey, type Surveyed } from './views/survey.ts';
import { failureOf } from './web-api.ts';

export const surveyTopic = {
  word: 'survey',
  summary: 'Ask the people of this channel how well the search works for them, from 1 to 5.',
  example: 'survey acme',
};

/** An operator asks the people of a channel. */
export async function askSurvey(
  { admit, cards }: FormOptions & { readonly cards: CardSource },
  asking: Asking,
  clientId: string,
): Promise<void> {
  const { talk } = asking;
  const admission = await admit(asking);
  if (!admission.ok) {
    if (!admission.repeated) await talk.privately(refusal(admission.problem.message, admission.problem.hint));
    return;
  }
  const { principal, run } = admission.admitted;
  if (!effectiveRoles(principal).has('operator'))
    return talk.privately(refusal('A survey needs the role operator.', 'Ask an operator to begin it.'));
  if (clientId === '') return talk.privately(refusal('Whose roll-out is it about?', 'Type /journey survey acme.'));
  const outcome = await run(cards.show, { client_id: clientId });
  if (!outcome.ok) return talk.privately(refusal(outcome.problem.message, outcome.problem.hint));
  const { client_id, stage_entry } = outcome.output as JourneyView;
  return talk.openly(survey({ client_id, stage_entry }));
}

/** The survey is a collector of ours: it asks people for their word, and what it records is theirs. */
const collector = (clientId: string): Principal => ({
  id: 'slack_survey',
  kind: 'system',
  roles: ['viewer'],
  clients: [clientId],
  evidenceKinds: ['survey_response'],
  intents: [],
});

export type SurveyOptions = Omit<FormOptions, 'admit'> & {
  readonly cards: CardSource;
  readonly record: AnyUseCase;
  readonly directory: SlackDirectory;
  readonly store: Pick<SlackStore, 'claim'>;
  readonly execute: Execute;
};

/**
 * Whoever is in the channel may answer, also the client's own people and guests: they are the users whose satisfaction is
 * asked for, and their answer is evidence and no authority. One answer a person: the last.
 */
export function listenToSurvey(app: App, options: SurveyOptions): void {
  const { client, logger, store, directory, cards } = options;
  app.action<BlockAction<ButtonAction>>(
    new RegExp(`^${SCORE}[1-5]$`),
    async ({ ack, body, action, respond, context }) => {
      await ack();
      const talk = conversation(respond, body.user.id, client, logger);
      const requestId = String(context['requestId']);
      try {
        if (!(await store.claim(requestId, cards.clock.machine()))) return;
      } catch (error) {
        logger.warn('An answer to a survey could not be taken.', { error: String(error) });
        return talk.privately(again());
      }
      const profile = await directory.profile(body.user.id).catch((error: unknown) => failureOf(error));
      if ('is' in profile) return talk.privately(refusal('Slack could not say who you are.', 'Try again in a minute.'));
      if (profile.isBot || profile.isDeactivated) return talk.privately(refusal('Only people can answer.', undefined));
      const respondent = `slack:${ownTeamOf(body.user, body.team?.id)}:${body.user.id}`;
      const score = Number(action.action_id.slice(SCORE.length));
      const surveyed = surveyedIn(action.value);
      return talk.privately(
        surveyed
          ? await recorded(options, surveyed, respondent, score, requestId)
          : refusal('This button does not say what it asks about.', undefined),
      );
    },
  );
}

async function recorded(
  { cards, record, execute }: SurveyOptions,
  { client_id, stage_entry }: Surveyed,
  respondent: string,
  score: number,
  requestId: string,
) {
  const caller = { principal: collector(client_id), door: 'slack' as const, requestId: `slack-${requestId}` };
  const shown = await execute(cards.show, caller, { client_id });
  if (!shown.ok) return refusal(shown.problem.message, shown.problem.hint);
  if ((shown.output as JourneyView).stage_entry !== stage_entry)
    return refusal('This survey is over: the journey has moved on since.', undefined);
  const observation = { kind: 'survey_response', subject: respondent, value: { score }, source: 'Slack survey' };
  const done = await execute(
    record,
    { ...caller, requestId: `${caller.requestId}.1` },
    { client_id, observations: [observation] },
  );
  return done.ok
    ? refusal(`Thank you: ${score} of 5.`, 'You may change it by pressing again.')
    : refusal(done.problem.message, done.problem.hint);
}

const SurveyedShape = z.object({ client_id: ClientId, stage_entry: z.int() });

function surveyedIn(value: string | undefined): Surveyed | undefined {
  try {
    return SurveyedShape.safeParse(JSON.parse(value ?? '')).data;
  } catch {
    return undefined;
  }
}
