import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { catalogue } from '#application/catalogue.ts';
import { commonOptions, fileOption, keyOption } from '#cli/options.ts';
import { verbs, type Verb } from '#cli/verbs.ts';
import { variables } from '#settings/variables.ts';
import { sourcesIn, top, type Source } from './source.ts';

const atTop = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];

export const pages: readonly Source[] = [
  ...atTop.map((path) => ({ path, text: readFileSync(join(top, path), 'utf8') })),
  ...sourcesIn('docs', '.md'),
  ...sourcesIn('examples', '.md'),
];

/** Links to files and headings that are not there. */
export function deadLinks({ path, text }: Source): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', heading] = link.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(join(top, target))) return [`${path}: ${link} leads nowhere.`];
    return heading === undefined || headingsOf(readFileSync(join(top, target), 'utf8')).includes(heading)
      ? []
      : [`${path}: ${link} names no heading of ${target}.`];
  });
}

const withoutCode = (text: string): string => text.replaceAll(/```[^]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');

/** What stands in code, a line of it on each line. */
const codeOf = (text: string): string =>
  [...text.matchAll(/```\w*\n([^]*?)```|`([^`\n]+)`/g)]
    .map(([, block, word]) => block ?? word ?? '')
    .join('\n')
    .replaceAll(/\\\n\s*/g, '');

const headingsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Files that a page names in code but that are not there. */
export const missingFiles = ({ path, text }: Source): readonly string[] =>
  [...text.matchAll(/`((?:src|test|docs|config|examples|migrations|bot|mcp)\/[\w./-]+)`/g)].flatMap(([, file = '']) =>
    existsSync(join(top, file)) ? [] : [`${path}: there is no ${file}.`],
  );

const known = new Set(variables.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
const prefixes = [...new Set(variables.map(({ name }) => name.split('_', 1)[0] ?? ''))];
const variableName = new RegExp(`\\b(?:${prefixes.join('|')})_[A-Z0-9_]*[A-Z0-9]\\b`, 'g');

/** Variables that a page names but that the settings do not have. */
export const unknownVariables = ({ path, text }: Source): readonly string[] =>
  [...text.matchAll(variableName)].flatMap(([name]) => (known.has(name) ? [] : [`${path}: there is no ${name}.`]));

const allVerbs = verbs();

/** Commands of the CLI that it would not take: unknown verbs, unknown flags, missing ones. */
export function wrongCommands({ path, text }: Source): readonly string[] {
  const commands = codeOf(text).matchAll(/journey-cli(?: --)? ([a-z][^\n#]*)/g);
  return [...commands].flatMap(([, typed = '']) =>
    problemsIn(typed).map((problem) => `${path}: journey-cli ${typed.trim()}: ${problem}`),
  );
}

function problemsIn(typed: string): readonly string[] {
  const words = typed.trim().split(/\s+/);
  if (['help', 'mcp', 'completion'].includes(words[0] ?? '')) return [];
  const verb = allVerbs.find(({ name }) => name === words.slice(0, 2).join(' ') || name === words[0]);
  if (!verb) return ['no such verb.'];
  const flags = [...typed.matchAll(/(?<=\s)--([a-z-]+)/g)].map(([, flag = '']) => flag);
  const strange = flags.filter((flag) => !flagsOf(verb).has(flag)).map((flag) => `no such flag as --${flag}.`);
  // A verb in the middle of a sentence has none of its flags.
  const missing =
    flags.length === 0 ? [] : verb.fields.filter(({ required, flag }) => required && !flags.includes(flag));
  return [...strange, ...missing.map(({ flag }) => `--${flag} is missing.`)];
}

const flagsOf = ({ fields, collection, writes }: Verb): ReadonlySet<string> =>
  new Set([
    ...[...fields, ...(collection?.fields ?? [])].map(({ flag }) => flag),
    ...[...commonOptions(), ...(writes ? [keyOption()] : []), ...(collection ? [fileOption('')] : [])].map(({ long }) =>
      String(long).replace(/^--/, ''),
    ),
  ]);

const scripts = Object.keys(
  (JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { readonly scripts: object }).scripts,
);

export const unknownScripts = ({ path, text }: Source): readonly string[] =>
  [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)].flatMap(([, name = '']) =>
    scripts.includes(name) ? [] : [`${path}: there is no npm run ${name}.`],
  );

const routes = catalogue.flatMap(({ surface }) => (surface.http ? [surface.http.route] : []));

/** Requests of the API that no route takes. */
export const unknownRequests = ({ path, text }: Source): readonly string[] =>
  [...text.replaceAll(/\\\n\s*/g, '').matchAll(/curl ([^\n]*)/g)].flatMap(([, typed = '']) => {
    const method = /-X (\w+)/.exec(typed)?.[1] ?? 'GET';
    const address = /https?:\/\/[^/\s]+(\/api\/[^\s?"]*)/.exec(typed)?.[1];
    return address === undefined || routes.some((route) => takes(route, method, address))
      ? []
      : [`${path}: no route takes ${method} ${address}.`];
  });

const takes = (route: string, method: string, address: string): boolean =>
  new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`).test(`${method} ${address}`);
