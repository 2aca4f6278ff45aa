import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { verbs } from '#cli/verbs.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';
import { runCli } from './run-cli.ts';

const script = async (shell: string): Promise<string> => {
  const { code, out, err } = await runCli('http://127.0.0.1:1', ['completion', shell]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
};

/** Runs a shell on a script of its own, without anybody's settings. */
const shellSays = (shell: string, args: readonly string[], input: string): readonly string[] =>
  execFileSync(shell, [...args, '-c', input], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'], HOME: '/' },
  })
    .split('\n')
    .filter((line) => line !== '');

type Complete = (...words: readonly string[]) => readonly string[];

/** What somebody has typed, the last word not to its end, and what is to be offered then. */
const offers: readonly (readonly [typed: readonly string[], offered: readonly string[]])[] = [
  [['sta'], ['stages', 'start', 'status']],
  [
    ['token', ''],
    ['create', 'list', 'revoke'],
  ],
  [['token', 'create', '--kin'], ['--kind']],
  [
    ['token', 'create', '--kind', ''],
    ['agent', 'user'],
  ],
  [['status', '--format', 'js'], ['json']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['help', 'prom'], ['promote']],
  // Nobody can guess the id of a client, and the files of the folder are none.
  [['status', '--client-id', ''], []],
];

const offeredBy = (complete: Complete) => offers.map(([typed]) => [typed, complete(...typed)]);

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

describe('completion in bash', () => {
  test('offers verbs, flags and choices where they may stand', async () => {
    const bash = await script('bash');
    const complete: Complete = (...words) =>
      shellSays(
        '/bin/bash',
        ['--norc', '--noprofile'],
        `${bash}\nCOMP_WORDS=(journey-cli ${quoted(words)}); COMP_CWORD=${words.length}; _journey_cli; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ).toSorted();
    expect(offeredBy(complete)).toEqual(offers);
    // Bash takes the = for a word of its own.
    expect(complete('status', '--format', '=', 'ya')).toEqual(['yaml']);
    expect(complete('status', '--format', '=')).toEqual(['json', 'table', 'yaml']);
    expect(complete('evidence', 'add', '--file', '/bin/bas')).toEqual(expect.arrayContaining(['/bin/bash']));
  });

  test('knows every verb with every flag, and is what bash asks for journey-cli', async () => {
    const bash = await script('bash');
    const offered = shellSays('/bin/bash', ['--norc', '--noprofile'], `${bash}\ncomplete -p journey-cli`);
    expect(offered).toEqual(['complete -F _journey_cli journey-cli']);
    for (const { name, fields } of verbs()) {
      const line = bash.split('\n').find((one) => one.startsWith(`    '${name.replaceAll(' ', '/')}') offer=`)) ?? '';
      const missing = fields.filter(({ flag }) => !new RegExp(`--(no-)?${flag}[ ']`).test(line));
      expect(missing.map(({ flag }) => `${name} --${flag}`)).toEqual([]);
    }
  });
});

const zsh = programNamed('zsh');
describeWhere(zsh !== undefined, 'completion in zsh', 'there is no zsh here', () => {
  test('offers the same', async () => {
    const text = await script('zsh');
    // What the line editor has as builtins, by what it says of them: whoever has typed nothing has no line editor.
    const editor = `compdef() {}; _files() {}
compset() { PREFIX="\${PREFIX#*=}" }
compadd() { shift; print -rl -- \${(M)@:#$PREFIX*} }
ask() { local -a words=(journey-cli "$@"); local CURRENT=$#words PREFIX="\${@[-1]}"; _journey_cli }`;
    const complete: Complete = (...words) =>
      shellSays(zsh ?? '', ['-f'], `${editor}\n${text}\nask ${quoted(words)} || true`).toSorted();
    expect(offeredBy(complete)).toEqual(offers);
    expect(complete('status', '--format=ya')).toEqual(['yaml']);
  });
});

const fish = programNamed('fish');
describeWhere(fish !== undefined, 'completion in fish', 'there is no fish here', () => {
  test('offers the same', async () => {
    const text = await script('fish');
    const complete: Complete = (...words) =>
      shellSays(fish ?? '', ['--no-config'], `${text}\ncomplete -C "journey-cli ${words.join(' ')}"`)
        .map((line) => line.split('\t')[0] ?? '')
        .toSorted();
    expect(offeredBy(complete)).toEqual(offers);
  });
});

test('a shell that it does not know is told with those that it does', async () => {
  const { code, err } = await runCli('http://127.0.0.1:1', ['completion', 'tcsh']);
  expect([code, err]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});
