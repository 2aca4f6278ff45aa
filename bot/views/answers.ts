import { isObject, type JsonObject, type Json } from '#core/json.ts';
import { divider, header, message, note, paragraph, section, type Block, type Message } from './blocks.ts';
import { criterionLines, type CriterionView } from './criteria.ts';
import { journeyMessage, type JourneyView } from './journey.ts';
import { figure, when, words } from '#application/notifications/words.ts';
import { ago, whoIs, wrapped } from './text.ts';

export type Presenter = (output: JsonObject, now: number) => Message;

const items = (output: JsonObject, key: string): readonly JsonObject[] => {
  const list = output[key];
  return Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : [];
};
const said = (value: Json | undefined): string => figure(value);
const time = (value: Json | undefined): number => Date.parse(said(value));
const MOST = 20;

/** A list as sections of a few short lines each; a table does not fit a phone. */
function listed(
  title: string,
  found: readonly JsonObject[],
  none: string,
  show: (item: JsonObject) => readonly string[],
): Message {
  if (found.length === 0) return message(none, [paragraph(none)]);
  const shown = found.slice(0, MOST);
  return message(`${title}: ${found.length}`, [
    header(`${title}: ${found.length}`),
    ...shown.map((item) => section(...show(item).flatMap((text) => wrapped(text).split('\n')))),
    ...(found.length > MOST ? [note(`The first ${MOST}. Ask for less, or use journey-cli for all.`)] : []),
  ]);
}

/** How each use-case's answer is shown; others as their fields, line by line. */
const presenters: { readonly [useCase: string]: Presenter } = {
  'journey.show': (output, now) => journeyMessage(journeyOf(output), now),
  'journey.list': (output, now) =>
    listed('Journeys', items(output, 'journeys'), 'No journeys.', (journey) => [
      said(journey['client_id']),
      `   ${said(journey['stage'])} · ${said(journey['status'])} · day ${said(journey['day'])}`,
      `   began ${ago(time(journey['started_at']), now)}`,
    ]),
  'journey.history': (output) => {
    // The newest are what somebody asks a phone about.
    const events = items(output, 'events').toReversed();
    return listed('Events', events, 'No events.', (event) => [
      `${said(event['seq'])}. ${words(said(event['type']))}`,
      `   ${when(time(event['at']))} · ${whoIs(said(event['actor']))} · ${said(event['door'])}`,
    ]);
  },
  'journey.validate_exit': (output, now) => {
    const criteria = items(output, 'criteria') as unknown as readonly CriterionView[];
    const promoted = output['promoted_to'] === null ? '' : ` Promoted to ${said(output['promoted_to'])}.`;
    const title = `The gate of ${said(output['stage'])} is ${said(output['gate'])}.${promoted}`;
    return message(title, [
      paragraph(title),
      ...criteria.slice(0, 40).map((criterion) => section(criterionLines(criterion, now))),
    ]);
  },
  'work.show': (output) =>
    listed('Units of work', items(output, 'units'), 'No work.', (unit) => [
      `${said(unit['work_id'])}: ${said(unit['status'])}`,
      ...items(unit, 'tasks')
        .slice(0, 15)
        .map((task) => `   ${said(task['name'])}: ${words(said(task['status']))}`),
    ]),
  'evidence.show': (output, now) =>
    listed('Evidence', items(output, 'evidence'), 'No evidence.', (one) => [
      `${words(said(one['kind']))} ${said(one['subject']) === '-' ? '' : said(one['subject'])}`,
      `   ${said(one['value'])}`,
      `   ${said(one['origin'])} · ${ago(time(one['observed_at']), now)}`,
    ]),
  'evidence.record': (output) => {
    const ignored = Array.isArray(output['not_judged']) && output['not_judged'].length > 0;
    const text = `Recorded ${said(output['recorded'])} for ${said(output['client_id'])}.${ignored ? ` No criterion of ${said(output['stage'])} judges it from this source: ${said(output['not_judged'])}.` : ''}`;
    return message(text, [paragraph(text)]);
  },
  'agents.check': (output) =>
    listed('Agents', items(output, 'agents'), 'No agent offers that.', (agent) => [
      `${agent['healthy'] === true ? '✓' : '✗'} ${said(agent['name'])}`,
      ...(agent['problem'] === null ? [] : [`   ${said(agent['problem'])}`]),
    ]),
  'person.list': (output) =>
    listed('People', items(output, 'people'), 'Nobody is mapped yet.', (person) => [
      `${whoIs(said(person['principal']))}: ${said(person['roles'])}`,
      `   ${said(person['user_id'])} of ${said(person['team_id'])}`,
      `   by ${whoIs(said(person['mapped_by']))}, ${when(time(person['mapped_at']))}`,
      ...(person['unmapped_at'] === null
        ? []
        : [`   ended by ${whoIs(said(person['unmapped_by']))}, ${when(time(person['unmapped_at']))}`]),
    ]),
  'person.map': (output) => {
    const text = `${said(output['user_id'])} is ${whoIs(said(output['principal']))} now: ${said(output['roles'])}.`;
    return message(text, [paragraph(text)]);
  },
  'person.unmap': (output) => {
    const text = `${said(output['user_id'])} is not ${whoIs(said(output['principal']))} any more.`;
    return message(text, [paragraph(text)]);
  },
};

/** What was done, for those answers that are the whole journey. */
const deeds: { readonly [useCase: string]: string } = {
  'journey.start': 'started the journey',
  'journey.promote': 'promotes the journey',
  'journey.roll_back': 'rolled the journey back',
  'journey.complete': 'completed the journey',
  'journey.provide_input': 'gave the input',
  'journey.confirm_override': 'confirmed the override',
  'journey.pause': 'paused the journey',
  'journey.resume': 'resumed the journey',
  'work.retry': 'started the failed tasks again',
  'approval.request': 'asked for approval',
};

/** The answer of any use-case, as Slack shows it. */
export function answer(useCase: string, output: unknown, by: string, now: number): Message {
  const fields = isObject(output) ? output : {};
  const present = presenters[useCase];
  if (present) return present(fields, now);
  const deed =
    deeds[useCase] ?? (looksLikeJourney(fields) ? `did ${words(useCase.split('.').at(-1) ?? useCase)}` : undefined);
  if (deed !== undefined && looksLikeJourney(fields))
    return journeyMessage(journeyOf(fields), now, `${whoIs(by)} ${deed}: ${said(fields['client_id'])}`);
  return message(
    `${useCase}: done.`,
    Object.entries(fields)
      .slice(0, 40)
      .flatMap(([name, value]): Block[] => [paragraph(`${words(name)}: ${figure(value)}`)]),
  );
}

const looksLikeJourney = (fields: JsonObject): boolean =>
  'client_id' in fields && 'stage_entry' in fields && 'units' in fields;
const journeyOf = (fields: JsonObject): JourneyView => fields as unknown as JourneyView;

/** Why not, and what to do. */
export function refusal(text: string, hint: string | undefined): Message {
  return message(text, [paragraph(text), ...(hint === undefined ? [] : [note(hint)])]);
}

export const separated = (messages: readonly Message[]): Message => ({
  text: messages[0]?.text ?? '–',
  blocks: messages.flatMap(({ blocks }, index) => (index === 0 ? blocks : [divider, ...blocks])).slice(0, 50),
});
