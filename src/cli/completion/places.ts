import type { Command, Option } from 'commander';
import type { Field } from '#application/input-fields.ts';
import type { Verb } from '../verbs.ts';

/** What may come after a flag: nothing, a file, one of these, or something that nobody can guess. */
export type Value = 'nothing' | 'file' | 'anything' | readonly string[];

export type Flag = { readonly flag: string; readonly value: Value; readonly says: string };

/** Where on the command line one may be: after `token create` for one. */
export type Place = {
  /** The verbs' words so far, as `token/create`; empty at the beginning. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly says: string }[];
  readonly flags: readonly Flag[];
};

/** Every place of the command line, with what can be typed there. */
export function placesOf(program: Command, verbs: readonly Verb[]): readonly Place[] {
  const fields = new Map(
    verbs.map(({ name, fields: own, collection }) => [
      name.replaceAll(' ', '/'),
      [...own, ...(collection?.fields ?? [])],
    ]),
  );
  return placesBelow(program, [], fields);
}

function placesBelow(
  command: Command,
  path: readonly string[],
  fields: ReadonlyMap<string, readonly Field[]>,
): readonly Place[] {
  const here = path.join('/');
  // Help explains what stands beside it.
  const next = here === 'help' ? (command.parent?.commands ?? []) : command.commands;
  const own = fields.get(here) ?? [];
  return [
    {
      path: here,
      words: [
        ...next.map((one) => ({ word: one.name(), says: one.summary() || one.description() })),
        ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, says: '' }))),
      ],
      flags: command.options.flatMap((option) => flagOf(option, own)),
    },
    ...command.commands.flatMap((one) => placesBelow(one, [...path, one.name()], fields)),
  ];
}

function flagOf(
  { long, hidden, required, optional, argChoices, description }: Option,
  fields: readonly Field[],
): Flag[] {
  if (long === undefined || long === null || hidden) return [];
  if (!required && !optional) return [{ flag: long, value: 'nothing', says: description }];
  const choices = argChoices ?? fields.find(({ flag }) => `--${flag}` === long)?.choices;
  const isFile = long === '--file' || long === '--token-file';
  return [{ flag: long, value: choices ?? (isFile ? 'file' : 'anything'), says: description }];
}
