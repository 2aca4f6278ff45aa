import type { types } from '@slack/bolt';
import type { Field } from '#application/input-fields.ts';
import { note, paragraph, plain } from './blocks.ts';
import { words } from '#application/notifications/words.ts';
import { cut } from './text.ts';

export type Form = {
  readonly callback: string;
  readonly title: string;
  readonly fields: readonly Field[];
  /** Field -> what has been typed already. */
  readonly given: { readonly [field: string]: unknown };
  /** Comes back with the form. */
  readonly memory: string;
};

/** Slack's limit for titles of modals. */
const TITLE = 24;
/** One block of each form carries this: whatever is typed there is the field's value. */
export const VALUE = 'value';

/** Opened at once, since a trigger lives for 3 seconds; the form follows as soon as it is known whether one may have it. */
export const skeleton = (title: string): types.ModalView => told(title, 'One moment…');

export const told = (title: string, text: string, hint?: string): types.ModalView => ({
  type: 'modal',
  title: plain(cut(title, TITLE)),
  close: plain('Close'),
  blocks: [paragraph(text), ...(hint === undefined ? [] : [note(hint)])],
});

export const form = ({ callback, title, fields, given, memory }: Form): types.ModalView => ({
  type: 'modal',
  callback_id: callback,
  private_metadata: memory,
  title: plain(cut(title, TITLE)),
  submit: plain('Send'),
  close: plain('Cancel'),
  blocks: fields.slice(0, 40).map((field) => inputBlock(field, given[field.name])),
});

const inputBlock = (field: Field, given: unknown): types.InputBlock => ({
  type: 'input',
  block_id: field.name,
  optional: !field.required,
  label: plain(cut(words(field.name), 200)),
  ...(field.description === '' ? {} : { hint: plain(cut(hintOf(field), 200)) }),
  element: elementOf(field, given),
});

const hintOf = ({ description, shape }: Field): string =>
  shape === 'list'
    ? `${description} Separated by commas.`
    : shape === 'pairs'
      ? `${description} One name=value a line.`
      : description;

function elementOf(field: Field, given: unknown): types.InputBlock['element'] {
  const { shape, choices, name } = field;
  if (name === 'user_id')
    return { type: 'users_select', action_id: VALUE, ...(typeof given === 'string' ? { initial_user: given } : {}) };
  if (shape === 'boolean')
    return { type: 'checkboxes', action_id: VALUE, options: [{ text: plain('yes'), value: 'true' }] };
  if (choices && choices.length > 0 && choices.length <= 100) {
    const options = choices.map((choice) => ({ text: plain(cut(choice, 75)), value: choice }));
    return shape === 'list'
      ? { type: 'multi_static_select', action_id: VALUE, options }
      : { type: 'static_select', action_id: VALUE, options };
  }
  const text = typeof given === 'string' ? given : undefined;
  return {
    type: 'plain_text_input',
    action_id: VALUE,
    multiline: shape === 'pairs' || shape === 'json' || name === 'reason',
    max_length: 3_000,
    ...(text === undefined || text === '' ? {} : { initial_value: cut(text, 3_000) }),
  };
}
