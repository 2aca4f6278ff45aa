import type { App } from '@slack/bolt';
import type { Clock } from '#application/ports.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import type { Admitted } from './acting.ts';
import { cardsOf, type CardSource } from './approval-cards.ts';
import type { Asking } from './asking.ts';
import { conversation, type Conversation } from './conversation.ts';
import { listenToForms, openForm, type FormOptions } from './forms.ts';
import { askSurvey, surveyTopic } from './survey.ts';
import { findTopic, inputOf, topicsOf, type Topic } from './topics.ts';
import { missing, typedInput, type Fields } from './typed-input.ts';
import { answer, refusal, separated } from './views/answers.ts';
import { approvalCard } from './views/card.ts';
import { help } from './views/help.ts';
import { failureOf } from './web-api.ts';

export const COMMAND = '/journey';

export type CommandOptions = FormOptions & {
  readonly catalogue: readonly AnyUseCase[];
  readonly cards: CardSource;
  readonly clock: Clock;
};

const helpTopic = { word: 'help', summary: 'Show this.', example: 'help' };

/** The one slash command: the catalogue's words, the survey, and help. */
export function listenToCommand(app: App, options: CommandOptions): void {
  const { client, logger } = options;
  const topics = topicsOf(options.catalogue);
  const known = [...topics, surveyTopic, helpTopic];

  app.command(COMMAND, async ({ command, ack, respond, context }) => {
    await ack();
    const asking: Asking = {
      user: { teamId: command.team_id, userId: command.user_id },
      requestId: String(context['requestId']),
      talk: conversation(respond, command.user_id, client, logger),
    };
    const line = command.text.trim() || helpTopic.word;
    const found = findTopic<{ readonly word: string }>(known, line);
    if ('nearest' in found) return asking.talk.privately(unknownWord(line, found.nearest));
    if (found.topic === helpTopic) return asking.talk.privately(help(COMMAND, known));
    if (found.topic === surveyTopic) return askSurvey(options, asking, found.rest);
    const topic = found.topic as Topic;
    const typed = typedInput(topic.typed, topic.fields, found.rest);
    return missing(topic.fields, typed).length > 0
      ? openForm(options, asking, topic, typed, command)
      : perform(options, asking, topic, typed);
  });
  listenToForms(app, topics, options, (asking, topic, typed) => perform(options, asking, topic, typed));
}

const unknownWord = (line: string, nearest: string | undefined) =>
  refusal(
    `${COMMAND} does not take “${line.slice(0, 60)}”.`,
    `${nearest === undefined ? '' : `Did you mean ${COMMAND} ${nearest}? `}${COMMAND} help lists what there is.`,
  );

async function perform(options: CommandOptions, asking: Asking, topic: Topic, typed: Fields): Promise<void> {
  const { talk } = asking;
  const { useCase } = topic;
  const admission = await options.admit(asking);
  if (!admission.ok) {
    if (!admission.repeated) await talk.privately(refusal(admission.problem.message, admission.problem.hint));
    return;
  }
  const { admitted } = admission;
  const outcome = await admitted.run(useCase, await completed(options, asking, topic, inputOf(topic, typed)));
  if (!outcome.ok) return talk.privately(refusal(outcome.problem.message, outcome.problem.hint));
  if (useCase.name === options.cards.list.name) return showCards(options, admitted, talk);
  const message = answer(useCase.name, outcome.output, admitted.principal.id, options.clock.journey());
  // What was done concerns everybody there. What was only read may be for the eyes of whoever may read it.
  const isOpen = useCase.effect !== 'read' && !useCase.allow.every((role) => role === 'admin');
  return isOpen ? talk.openly(message) : talk.privately(message);
}

/** What Slack knows and nobody should have to type: the workspace of the person who is named. */
async function completed(
  { client, logger }: CommandOptions,
  { user }: Asking,
  { useCase }: Topic,
  input: Fields,
): Promise<Fields> {
  const { user_id: userId } = input;
  if (typeof userId !== 'string' || !useCase.name.startsWith('person.')) return input;
  try {
    const { user: named } = await client.users.info({ user: userId });
    return { ...input, team_id: named?.team_id ?? user.teamId };
  } catch (error) {
    logger.warn('Slack did not say where a user belongs.', { problem: failureOf(error).problem });
    return { ...input, team_id: user.teamId };
  }
}

async function showCards({ cards }: CommandOptions, admitted: Admitted, talk: Conversation): Promise<void> {
  const found = await cardsOf(cards, admitted, MOST_CARDS);
  return talk.privately(
    found.cards.length === 0
      ? refusal('No approval is asked for.', undefined)
      : separated(found.cards.map(approvalCard)),
  );
}

/** Three cards fit into one message with all their criteria. */
const MOST_CARDS = 3;
