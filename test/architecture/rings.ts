import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, resolve, type Import, type Target } from './imports.ts';
import { top, type Source } from './source.ts';

/** Paths end in `/` where they mean a folder with all that is below it. */
export type Ring = {
  readonly name: string;
  readonly holds: readonly string[];
  /** What it may import. */
  readonly may: readonly string[];
  /** What it may only name in types. */
  readonly mayName: readonly string[];
  /** Whether it may use the modules of node. */
  readonly node: boolean;
};

/** Core modules whose values are words rather than decisions: every room may speak them. */
const words = ['src/core/errors.ts', 'src/core/json.ts', 'src/core/time.ts'];

const door = (name: string, folder: string): Ring => ({
  name,
  holds: [folder],
  may: [folder, 'src/application/', ...words, 'package.json'],
  mayName: ['src/core/'],
  node: true,
});

/** Who may import whom. An adapter's own room is its folder, or its file where it is one file; `ringOf` adds it. */
export const rings: readonly Ring[] = [
  { name: 'core', holds: ['src/core/'], may: ['src/core/'], mayName: [], node: false },
  {
    name: 'application',
    holds: ['src/application/'],
    may: ['src/application/', 'src/core/'],
    mayName: [],
    node: false,
  },
  { name: 'validators', holds: ['src/validators/'], may: ['src/validators/', 'src/core/'], mayName: [], node: false },
  {
    name: 'settings',
    holds: ['src/settings/'],
    // Settings check what they read by the same rules that the core applies later.
    may: [
      'src/settings/',
      'src/validators/',
      'src/core/calendar.ts',
      'src/core/retry.ts',
      'src/core/work/',
      'src/core/notices/',
      'src/core/journey/messages.ts',
      ...words,
    ],
    mayName: ['src/core/'],
    node: true,
  },
  {
    name: 'local tokens',
    holds: ['src/adapters/local-tokens.ts'],
    // Whoever makes a token and whoever checks it must hash it alike; and it is told alike by whom it was made.
    may: ['src/core/', 'src/application/tokens.ts', 'src/application/audit.ts'],
    mayName: ['src/application/'],
    node: true,
  },
  {
    name: 'adapter',
    holds: ['src/adapters/'],
    may: ['src/core/'],
    mayName: ['src/application/'],
    node: true,
  },
  door('http', 'src/http/'),
  door('cli', 'src/cli/'),
  door('scheduler', 'src/scheduler/'),
  door('bot', 'bot/'),
  door('mcp', 'mcp/'),
  {
    name: 'main',
    holds: ['src/main.ts', 'src/composition/'],
    may: ['src/', 'bot/', 'mcp/', 'package.json'],
    mayName: [],
    node: true,
  },
  {
    name: 'programs of the package',
    holds: ['bin/'],
    may: ['bin/', 'src/main.ts', 'src/cli/journey-cli.ts'],
    mayName: [],
    node: true,
  },
  // An agent is a program of somebody else's: it must show what others can do with the protocol alone.
  { name: 'example agents', holds: ['examples/agents/'], may: ['examples/agents/'], mayName: [], node: true },
  {
    name: 'examples',
    holds: ['examples/'],
    may: ['examples/', 'src/', 'bot/', 'package.json'],
    mayName: [],
    node: true,
  },
];

/** Each package has one owner; the few without a place or a time of their own are shared by those who are named. */
export const owners: Readonly<Record<string, readonly string[]>> = {
  '@a2a-js/sdk': ['src/adapters/agents/', 'examples/agents/'],
  '@electric-sql/pglite': ['src/adapters/postgres/'],
  '@gleanwork/api-client': ['src/adapters/glean/'],
  '@hono/node-server': ['src/http/', 'examples/agents/'],
  '@kurrent/kurrentdb-client': ['src/adapters/event-store/'],
  '@modelcontextprotocol/client': ['examples/agents/'],
  '@modelcontextprotocol/server': ['mcp/'],
  '@opentelemetry/api': ['src/adapters/tracing/'],
  '@opentelemetry/exporter-trace-otlp-http': ['src/adapters/tracing/'],
  '@opentelemetry/resources': ['src/adapters/tracing/'],
  '@opentelemetry/sdk-trace': ['src/adapters/tracing/'],
  '@slack/bolt': ['bot/'],
  commander: ['src/cli/'],
  'csv-parse': ['src/adapters/reports/'],
  'fastest-levenshtein': ['src/application/', 'src/settings/', 'src/http/', 'bot/'],
  hono: ['src/http/', 'bot/', 'mcp/', 'examples/agents/'],
  jose: ['src/adapters/oidc/'],
  'js-yaml': ['src/settings/'],
  'node-cron': ['src/scheduler/'],
  'node-pg-migrate': ['src/adapters/postgres/'],
  nodemailer: ['src/adapters/outbound/'],
  pg: ['src/adapters/postgres/'],
  pino: ['src/adapters/logger.ts'],
  'prom-client': ['src/adapters/metrics/'],
  zod: [
    'src/application/',
    'src/validators/',
    'src/settings/',
    'src/adapters/reports/',
    'src/adapters/trackers/',
    'src/http/',
    'src/cli/',
    'bot/',
    'mcp/',
    'examples/demo/',
  ],
};

const covers = (paths: readonly string[], path: string): boolean =>
  paths.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));

export function ringOf(path: string): Ring | undefined {
  const ring = rings.find(({ holds }) => covers(holds, path));
  if (ring?.name !== 'adapter') return ring;
  const room = /^src\/adapters\/[^/]+(\/|$)/.exec(path)?.[0] ?? path;
  return { ...ring, name: room, may: [room, ...ring.may] };
}

/** What a file imports although its ring may not, in words. */
export function strayImports(source: Source): readonly string[] {
  const ring = ringOf(source.path);
  if (!ring) return [`${source.path} belongs to no ring: name one in test/architecture/rings.ts.`];
  return importsOf(source).flatMap((one) => {
    const why = strays(source.path, ring, one, resolve(source.path, one.specifier));
    return why === undefined ? [] : [`${one.place}: ${ring.name} may not import ${one.specifier}${why}`];
  });
}

function strays(from: string, ring: Ring, { typeOnly }: Import, target: Target): string | undefined {
  switch (target.kind) {
    case 'node':
      return ring.node ? undefined : ': it takes nothing from node.';
    case 'package':
      return strayPackage(from, target.name);
    case 'file':
      return strayFile(from, ring, typeOnly, target.path);
  }
}

function strayPackage(from: string, name: string): string | undefined {
  const own = Object.hasOwn(owners, name) ? owners[name] : undefined;
  if (!own) return `: nobody owns ${name}. Name its owner in test/architecture/rings.ts.`;
  return covers(own, from) ? undefined : `: ${name} belongs to ${own.join(', ')}.`;
}

const isValidator = (file: string): boolean => file.endsWith('.validator.ts');

function strayFile(from: string, { may, mayName }: Ring, typeOnly: boolean, path: string): string | undefined {
  if (!existsSync(join(top, path))) return `: there is no ${path}.`;
  if (path === 'src/main.ts' && from !== path && !from.startsWith('bin/'))
    return ': nobody but its own program imports the process itself.';
  if (isValidator(from) && isValidator(path)) return ': a validator stands alone.';
  if (covers(may, path)) return undefined;
  if (!covers(mayName, path)) return '.';
  return typeOnly ? undefined : ': only its types.';
}
