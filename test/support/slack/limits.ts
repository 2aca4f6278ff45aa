import type { Fields } from '#examples/slack/slack-double.ts';

/** What Slack would refuse, or read as more than text, in what is about to be sent. Limits as Slack documents them. */
export function problemsIn(payload: Fields): readonly string[] {
  const view = payload['view'] as Fields | undefined;
  const blocks = ((view ?? payload)['blocks'] ?? []) as readonly Fields[];
  const most = view === undefined ? 50 : 100;
  return [
    ...(blocks.length > most ? [`${blocks.length} blocks; ${most} at most`] : []),
    ...(view === undefined ? messageProblems(payload) : viewProblems(view)),
    ...duplicates(
      blocks.flatMap(({ block_id }) => (typeof block_id === 'string' ? [block_id] : [])),
      'block_id',
    ),
    ...blocks.flatMap((block, index) => blockProblems(block).map((problem) => `block ${index}: ${problem}`)),
  ];
}

function messageProblems({ text }: Fields): readonly string[] {
  if (typeof text !== 'string' || text === '') return ['no text: screen readers read it'];
  return [...tooLong(text, 4_000, 'text'), ...alive(text, 'text')];
}

function viewProblems(view: Fields): readonly string[] {
  const { type, title, submit, close, callback_id, private_metadata } = view;
  return [
    ...(type === 'modal' ? plainProblems(title, 24, 'title') : []),
    ...(submit === undefined ? [] : plainProblems(submit, 24, 'submit')),
    ...(close === undefined ? [] : plainProblems(close, 24, 'close')),
    ...(typeof callback_id === 'string' ? tooLong(callback_id, 255, 'callback_id') : []),
    ...(typeof private_metadata === 'string' ? tooLong(private_metadata, 3_000, 'private_metadata') : []),
  ];
}

function blockProblems(block: Fields): readonly string[] {
  const elements = (block['elements'] ?? []) as readonly Fields[];
  switch (block['type']) {
    case 'header':
      return plainProblems(block['text'], 150, 'header');
    case 'section':
      return textProblems(block['text'] as Fields, 3_000, 'section');
    case 'context':
      return [...count(elements, 10), ...elements.flatMap((element) => textProblems(element, 2_000, 'context'))];
    case 'actions':
      return [
        ...count(elements, 25),
        ...elements.flatMap(elementProblems),
        ...duplicates(
          elements.map(({ action_id }) => String(action_id)),
          'action_id',
        ),
      ];
    case 'input':
      return [
        ...plainProblems(block['label'], 2_000, 'label'),
        ...(block['hint'] === undefined ? [] : plainProblems(block['hint'], 2_000, 'hint')),
        ...elementProblems(block['element'] as Fields),
      ];
    case 'divider':
      return [];
    default:
      return [`the type ${String(block['type'])} is not one of ours`];
  }
}

const count = (elements: readonly Fields[], most: number): readonly string[] =>
  elements.length === 0 || elements.length > most ? [`${elements.length} elements; 1 to ${most}`] : [];

function elementProblems(element: Fields): readonly string[] {
  const { type, action_id, value, text, url, options, initial_value } = element;
  const choices = (options ?? []) as readonly Fields[];
  return [
    ...(typeof action_id === 'string' && action_id !== '' ? tooLong(action_id, 255, 'action_id') : ['no action_id']),
    ...(type === 'button' ? plainProblems(text, 75, 'button') : []),
    ...(typeof value === 'string' ? tooLong(value, 2_000, 'value') : []),
    ...(typeof url === 'string' ? tooLong(url, 3_000, 'url') : []),
    ...(typeof initial_value === 'string' ? tooLong(initial_value, 3_000, 'initial_value') : []),
    ...(choices.length > 100 ? [`${choices.length} options; 100 at most`] : []),
    ...choices.flatMap((choice) => [
      ...plainProblems(choice['text'], 75, 'option'),
      ...tooLong(String(choice['value']), 150, 'option value'),
    ]),
  ];
}

function textProblems(text: Fields, most: number, where: string): readonly string[] {
  return text['type'] === 'plain_text'
    ? plainProblems(text, most, where)
    : [`${where} is ${String(text['type'])}: what clients say must be plain_text`];
}

function plainProblems(text: unknown, most: number, where: string): readonly string[] {
  const { type, text: words, emoji } = (text ?? {}) as Fields;
  if (type !== 'plain_text' || typeof words !== 'string' || words === '') return [`${where} has no plain text`];
  return [
    ...tooLong(words, most, where),
    ...(emoji === false ? [] : [`${where}: emoji names are alive`]),
    ...(where === 'header' || where === 'section' || where === 'context'
      ? words
          .split('\n')
          .flatMap((line) =>
            Array.from(line).length > 40 ? [`${where}: a line of ${Array.from(line).length}: ${line}`] : [],
          )
      : []),
  ];
}

/** The text of a message is markup: a `<` that is not escaped begins a mention or a link. */
const alive = (text: string, where: string): readonly string[] =>
  /[<>]/.test(text) ? [`${where} is alive: ${text}`] : [];

const tooLong = (text: string, most: number, where: string): readonly string[] =>
  text.length > most ? [`${where} has ${text.length} characters; ${most} at most`] : [];

const duplicates = (names: readonly string[], what: string): readonly string[] =>
  new Set(names).size === names.length ? [] : [`a ${what} stands there twice`];
