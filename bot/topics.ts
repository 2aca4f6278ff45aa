import { distance } from 'fastest-levenshtein';
import { fieldsOf, schemaOf, type Collection, type Field } from '#application/input-fields.ts';
import type { Fields } from './typed-input.ts';
import type { AnyUseCase } from '#application/use-case.ts';

/** What may be typed after `/journey`: a use-case with its fields. */
export type Topic = {
  readonly word: string;
  readonly summary: string;
  readonly example: string;
  readonly typed: readonly string[];
  readonly fields: readonly Field[];
  /** The list of which one item is typed, where the input has one. */
  readonly collection: Collection | null;
  readonly useCase: AnyUseCase;
};

/** Fields that Slack itself fills in, so that nobody is asked for them. */
const filledIn: ReadonlySet<string> = new Set(['team_id']);

/** Pages are for programs. */
const leftOut: ReadonlySet<string> = new Set(['cursor', 'limit', 'after']);

export const topicsOf = (catalogue: readonly AnyUseCase[]): readonly Topic[] =>
  catalogue.flatMap((useCase): readonly Topic[] => {
    const { slack } = useCase.surface;
    if (!slack) return [];
    const { fields, collection } = fieldsOf(schemaOf(useCase.input, 'input'));
    // JSON is nothing to type on a phone: what it holds is given as name=value.
    const items = (collection?.fields ?? []).map((field) =>
      field.shape === 'json' ? { ...field, shape: 'pairs' as const } : field,
    );
    const own = [...fields, ...items];
    return [
      {
        word: slack.word,
        summary: useCase.summary,
        example: slack.example,
        typed: slack.typed ?? own.map(({ name }) => name),
        fields: own.filter(({ name }) => !filledIn.has(name) && !leftOut.has(name)),
        collection,
        useCase,
      },
    ];
  });

export type Found<T> = { readonly topic: T; readonly rest: string } | { readonly nearest: string | undefined };

/** The topic that a line begins with, the longest word first; else the word that may have been meant. */
export function findTopic<T extends { readonly word: string }>(topics: readonly T[], line: string): Found<T> {
  const typed = line.trim();
  const low = typed.toLowerCase();
  const topic = topics
    .toSorted((a, b) => b.word.length - a.word.length)
    .find(({ word }) => low === word || low.startsWith(`${word} `));
  if (topic) return { topic, rest: typed.slice(topic.word.length).trim() };
  const first = low.split(/\s+/).slice(0, 2).join(' ').slice(0, 60);
  const ranked = topics
    .map(({ word }) => ({ word, far: distance(first.split(' ').slice(0, word.split(' ').length).join(' '), word) }))
    .toSorted((a, b) => a.far - b.far);
  const best = ranked[0];
  return { nearest: best && best.far <= Math.max(2, Math.floor(best.word.length / 2)) ? best.word : undefined };
}

/** The fields that were typed as the input that the use-case takes. */
export function inputOf({ collection }: Topic, typed: Fields): Fields {
  if (collection === null) return typed;
  const ofItem = new Set(collection.fields.map(({ name }) => name));
  const entries = Object.entries(typed);
  return {
    ...Object.fromEntries(entries.filter(([name]) => !ofItem.has(name))),
    [collection.name]: [Object.fromEntries(entries.filter(([name]) => ofItem.has(name)))],
  };
}
