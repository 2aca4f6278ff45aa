import { Argument, type Command } from 'commander';
import type { Verb } from '../verbs.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { placesOf, type Place } from './places.ts';
import { zshScript } from './zsh.ts';

const scripts: Readonly<Record<string, (name: string, places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** No verb of the catalogue: it asks no server, and knows what this very program knows. */
export function addCompletion(program: Command, verbs: readonly Verb[], out: (text: string) => void): void {
  const name = program.name();
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'The shell to complete in.').choices(Object.keys(scripts)))
    .description('Print what makes a shell complete verbs, flags and choices.')
    .helpGroup('Help:')
    .configureHelp({})
    .addHelpText(
      'after',
      `\nExamples:\n  eval "$(${name} completion bash)"        in ~/.bashrc\n  ${name} completion fish | source         in config.fish`,
    )
    .action((shell: string) => out(scripts[shell]?.(name, placesOf(program, verbs)) ?? ''));
}
