import type { App, types } from '@slack/bolt';
import type { Logger } from '#application/ports.ts';
import type { Admit } from './acting.ts';
import { ownTeamOf, type Asking } from './asking.ts';
import { conversation, type Respond } from './conversation.ts';
import type { Topic } from './topics.ts';
import { valueOf, type Fields } from './typed-input.ts';
import { figure } from '#application/notifications/words.ts';
import { refusal } from './views/answers.ts';
import { form, skeleton, told, VALUE } from './views/modal.ts';
import { failureOf, type WebClient } from './web-api.ts';

const FORM = 'form:';

export type FormOptions = { readonly admit: Admit; readonly client: WebClient; readonly logger: Logger };

type Trigger = { readonly trigger_id: string; readonly response_url: string };
/** What comes back with a form: where to answer, and what has been typed already. */
type Memory = { readonly response_url: string; readonly typed: Fields };

/** Asks for what is missing. The skeleton opens at once, since a trigger lives for 3 seconds; the form follows. */
export async function openForm(
  { admit, client, logger }: FormOptions,
  asking: Asking,
  topic: Topic,
  typed: Fields,
  { trigger_id, response_url }: Trigger,
): Promise<void> {
  const { word: title, fields, example } = topic;
  const opening = client.views.open({ trigger_id, view: skeleton(title) }).catch((error: unknown) => failureOf(error));
  const [opened, admission] = await Promise.all([opening, admit(asking)]);
  if ('is' in opened)
    return asking.talk.privately(
      refusal(`The form could not be opened: ${opened.problem}`, `Type it whole, as /journey ${example}`),
    );
  const memory: Memory = { response_url, typed: fitting(typed) };
  const view: types.ModalView = admission.ok
    ? form({ callback: `${FORM}${title}`, title, fields, given: asTexts(typed), memory: JSON.stringify(memory) })
    : admission.repeated
      ? told(title, 'This has been asked already.')
      : told(title, admission.problem.message, admission.problem.hint);
  await client.views.update({ view_id: opened.view?.id ?? '', view }).catch((error: unknown) => {
    logger.warn('A form could not be filled in.', { problem: failureOf(error).problem });
  });
}

export type Sent = (asking: Asking, topic: Topic, typed: Fields) => Promise<void>;

/** Hands on what comes back with a form. */
export function listenToForms(app: App, topics: readonly Topic[], { client, logger }: FormOptions, sent: Sent): void {
  app.view(new RegExp(`^${FORM}`), async ({ ack, view, body, context }) => {
    await ack();
    const topic = topics.find(({ word }) => view.callback_id === `${FORM}${word}`);
    const { response_url, typed } = JSON.parse(view.private_metadata) as Memory;
    const asking: Asking = {
      user: { teamId: ownTeamOf(body.user, body.team?.id), userId: body.user.id },
      requestId: String(context['requestId']),
      talk: conversation(respondAt(response_url), body.user.id, client, logger),
    };
    if (!topic) return asking.talk.privately(refusal('This form is not known any more.', 'Begin anew: /journey help.'));
    return sent(asking, topic, { ...typed, ...valuesOf(topic, view.state.values) });
  });
}

/** A form may be sent minutes later; Slack takes answers under the command's own address for half an hour. */
const respondAt =
  (url: string): Respond =>
  async (message) => {
    const answered = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      redirect: 'error',
    });
    if (!answered.ok) throw new Error(`Slack answered ${answered.status}.`);
  };

/** Slack keeps 3,000 characters with a form; what is longer is typed again. */
const fitting = (typed: Fields): Fields => (JSON.stringify(typed).length <= 2_000 ? typed : {});

const asTexts = (typed: Fields): Fields =>
  Object.fromEntries(
    Object.entries(typed).flatMap(([name, value]) =>
      typeof value === 'object' && !Array.isArray(value)
        ? []
        : [[name, Array.isArray(value) ? value.join(',') : figure(value)]],
    ),
  );

type StateValue = {
  readonly value?: string | null;
  readonly selected_user?: string | null;
  readonly selected_option?: { readonly value?: string } | null;
  readonly selected_options?: readonly { readonly value?: string }[];
};

/** The values of a form; a field that was left empty is not given. */
function valuesOf({ fields }: Topic, values: object): Fields {
  const state = values as { readonly [block: string]: { readonly [action: string]: StateValue } };
  const given = fields.flatMap((field): readonly (readonly [string, unknown])[] => {
    const said = state[field.name]?.[VALUE];
    const chosen = said?.selected_options?.flatMap(({ value }) => value ?? []);
    if (field.shape === 'boolean') return [[field.name, (chosen ?? []).length > 0]];
    if (chosen !== undefined) return chosen.length > 0 ? [[field.name, chosen]] : [];
    const text = said?.value ?? said?.selected_option?.value ?? said?.selected_user ?? '';
    return text === '' ? [] : [[field.name, valueOf(field, text)]];
  });
  return Object.fromEntries(given);
}
