import { importsOf } from './imports.ts';
import { isSyntax, nameOf, nodesOf, placeOf, syntaxOf, type Found, type Source, type Syntax } from './source.ts';

/** What a decision must never take from its surroundings by itself: it is given, so that tests and replicas agree. */
export type Surrounding = 'time' | 'chance' | 'timer' | 'turn' | 'environment';

type Permit = { readonly file: string; readonly takes: readonly Surrounding[]; readonly because: string };

/** The few files that may. */
export const permits: readonly Permit[] = [
  { file: 'src/adapters/clock.ts', takes: ['time', 'timer'], because: 'it is the clock' },
  { file: 'src/adapters/ids.ts', takes: ['chance'], because: 'it makes the ids' },
  {
    file: 'src/application/lane.ts',
    takes: ['turn'],
    because: 'a flush begins once whoever is ready has submitted: no time passes, the loop turns once',
  },
  {
    file: 'src/adapters/postgres/pglite-wire.ts',
    takes: ['turn'],
    because: 'a socket gives its answer in a later turn, and so must what stands in for one',
  },
  { file: 'src/settings/environment.ts', takes: ['environment'], because: 'it hands the environment to the settings' },
  {
    file: 'src/cli/environment.ts',
    takes: ['environment', 'chance', 'timer'],
    because: 'the command line is a process of its own, and this file is all that it takes from its surroundings',
  },
];

const mayTake = (path: string, what: Surrounding): boolean =>
  permits.some(({ file, takes }) => file === path && takes.includes(what));

/** Where a file takes something from its surroundings that it has no permit for. */
export const strayTakings = (source: Source): readonly string[] =>
  takingsOf(source).flatMap(({ what, place, text }) =>
    mayTake(source.path, what) ? [] : [`${place}: ${text} takes ${what} from the surroundings.`],
  );

export type Taking = { readonly what: Surrounding; readonly place: string; readonly text: string };

export function takingsOf(source: Source): readonly Taking[] {
  const inCode = [...nodesOf(syntaxOf(source))].flatMap((found) => {
    const taken = takenBy(found);
    return taken ? [{ ...taken, place: placeOf(source, found.node) }] : [];
  });
  const imported = importsOf(source).flatMap(({ specifier, names, place, typeOnly }) =>
    typeOnly
      ? []
      : names.flatMap((name) => {
          const what = fromModule(specifier, name);
          return what ? [{ what, place, text: `${name} of ${specifier}` }] : [];
        }),
  );
  return [...inCode, ...imported];
}

const byGlobal: ReadonlyMap<string, Surrounding> = new Map([
  ['setTimeout', 'timer'],
  ['setInterval', 'timer'],
  ['setImmediate', 'turn'],
]);

const byMember: ReadonlyMap<string, Surrounding> = new Map([
  ['Date.now', 'time'],
  ['performance.now', 'time'],
  ['performance.timeOrigin', 'time'],
  ['process.hrtime', 'time'],
  ['process.env', 'environment'],
  ['Math.random', 'chance'],
  ['crypto.randomUUID', 'chance'],
  ['crypto.getRandomValues', 'chance'],
  ['AbortSignal.timeout', 'timer'],
  ['globalThis.setTimeout', 'timer'],
  ['globalThis.setInterval', 'timer'],
  ['globalThis.setImmediate', 'turn'],
]);

const modules: Readonly<Record<string, Readonly<Record<string, Surrounding>>>> = {
  crypto: { randomUUID: 'chance', randomBytes: 'chance', randomInt: 'chance', randomFillSync: 'chance' },
  timers: { setTimeout: 'timer', setInterval: 'timer', setImmediate: 'turn' },
  'timers/promises': { setTimeout: 'timer', setInterval: 'timer', scheduler: 'timer', setImmediate: 'turn' },
  perf_hooks: { performance: 'time' },
  process: { env: 'environment', hrtime: 'time' },
};

function fromModule(specifier: string, name: string): Surrounding | undefined {
  const module = modules[specifier.replace(/^node:/, '')];
  // A whole module under one name would carry what is forbidden in it out of sight.
  return name === '*' ? Object.values(module ?? {})[0] : module?.[name];
}

type Taken = Pick<Taking, 'what' | 'text'>;

function takenBy({ node, parent, key }: Found): Taken | undefined {
  switch (node.type) {
    case 'NewExpression':
    case 'CallExpression':
      return nameOf(node['callee']) === 'Date' && isEmpty(node['arguments'])
        ? { what: 'time', text: 'Date without an argument' }
        : undefined;
    case 'MemberExpression':
      return ofMember(node);
    case 'VariableDeclarator':
      return takesEnvironment(node) ? { what: 'environment', text: 'env of process' } : undefined;
    case 'Identifier':
      return ofIdentifier(node, parent, key);
    default:
      return undefined;
  }
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

function ofMember(node: Syntax): Taken | undefined {
  const property = node['property'];
  const last = nameOf(property) ?? (isSyntax(property) ? String(property['value']) : '');
  const text = `${nameOf(node['object']) ?? ''}.${last}`;
  const what = byMember.get(text);
  return what ? { what, text } : undefined;
}

/** `const { env } = process` */
function takesEnvironment({ id, init }: Syntax): boolean {
  if (nameOf(init) !== 'process' || !isSyntax(id) || id.type !== 'ObjectPattern') return false;
  return (id['properties'] as readonly Syntax[]).some((one) => nameOf(one['key']) === 'env');
}

/** The global itself, not a field of that name or a name in an import. */
function ofIdentifier(node: Syntax, parent: Syntax | null, key: string): Taken | undefined {
  const name = nameOf(node) ?? '';
  const what = byGlobal.get(name);
  if (!what || !parent || parent.type.startsWith('Import')) return undefined;
  const isField = key === 'property' && parent['computed'] !== true;
  const isKey = key === 'key' && parent['shorthand'] !== true && parent['computed'] !== true;
  return isField || isKey ? undefined : { what, text: name };
}

/** The one statement that may ask the database for its time: the clock of the replicas is made from it. */
const clockStatement = 'src/adapters/postgres/database.ts';

const sqlTime =
  /\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(\s*\)|\b(?:current_timestamp|current_date|current_time|localtimestamp)\b/i;

/** SQL that takes the time by itself: it would be another time than the one that was decided by. */
export function timeInSql(source: Source): readonly string[] {
  if (source.path.endsWith('.sql'))
    return source.text
      .split('\n')
      .flatMap((line, index) =>
        sqlTime.test(line.replace(/--.*/, '')) ? [`${source.path}:${index + 1}: ${line.trim()}`] : [],
      );
  const found = [...nodesOf(syntaxOf(source))].filter(({ node }) => sqlTime.test(textIn(node)));
  const allowed = source.path === clockStatement ? 1 : 0;
  return found.slice(allowed).map(({ node }) => `${placeOf(source, node)}: ${textIn(node).trim().slice(0, 80)}`);
}

function textIn(node: Syntax): string {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateElement') return '';
  return (node['value'] as { readonly raw: string }).raw;
}
