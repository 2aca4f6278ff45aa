/**
 * The tables of the documentation that repeat what the code says, made from the code.
 * `node docs/reference.ts` writes them into the files; a test fails while they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '#application/catalogue.ts';
import { verbs } from '#cli/verbs.ts';
import { errorCatalogue, type ErrorCode } from '#core/errors.ts';
import { serverLintCodes } from '#application/use-cases/lint-config.ts';
import { lintCodes } from '#settings/findings.ts';
import { jsonSchemas } from '#settings/json-schemas.ts';
import { variables, type Variable } from '#settings/variables.ts';
import { validators } from '#validators/registry.ts';
import { additions, itemOf, meanings } from './reference-words.ts';
import { keysOf, parametersOf } from './schema-keys.ts';

/** The files that hold such tables. */
export const referenceFiles = ['configuration.md', 'rest-api.md', 'cli.md'] as const;

const tables: Readonly<Record<string, () => string>> = {
  'server variables': () => variableTable(({ usedBy, yaml }) => usedBy === 'server' && !yaml),
  'yaml variables': () => variableTable(({ usedBy, yaml }) => usedBy === 'server' && yaml !== undefined),
  'cli variables': () => variableTable(({ usedBy }) => usedBy === 'cli'),
  'journey-orchestrator.yaml': () => keyTable('journey-orchestrator.yaml'),
  'stages.yaml': () => keyTable('stages.yaml'),
  'unit-of-work-templates.yaml': () => keyTable('unit-of-work-templates.yaml'),
  'agents.yaml': () => keyTable('agents.yaml'),
  'collectors.yaml': () => keyTable('collectors.yaml'),
  'notifications.yaml': () => keyTable('notifications.yaml'),
  'lint codes': lintTable,
  validators: validatorTable,
  routes: routeTable,
  problems: problemTable,
  verbs: verbTable,
};

/** The text with every table made anew between `<!-- table: name -->` and `<!-- end -->`. */
export function withTables(text: string): string {
  return text.replaceAll(
    /(<!-- table: ([^>]+) -->\n)[^]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end) => {
      const table = tables[name];
      if (!table) throw new Error(`There is no table ${name}; there are ${Object.keys(tables).join(', ')}.`);
      return `${begin}\n${table()}\n\n${String(end)}`;
    },
  );
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => `\`${text}\``;

function variableTable(wanted: (variable: Variable) => boolean): string {
  const rows = variables
    .filter(wanted)
    .map((one) => [
      code(one.name) + (one.secret ? ` or ${code(`${one.name}_FILE`)}` : ''),
      typeOf(one),
      one.default === null ? '' : code(String(one.default)),
      one.doc,
      code(one.mapsTo),
      itemOf(one.name),
    ]);
  return table(['variable', 'value', 'default', 'what it is', 'decides', 'item'], rows);
}

function typeOf({ type, choices, min, max }: Variable): string {
  if (choices) return choices.map(code).join(', ');
  return min === undefined || max === undefined ? type : `${type}, ${min} to ${max}`;
}

function keyTable(file: keyof ReturnType<typeof jsonSchemas>): string {
  const rows = keysOf(jsonSchemas()[file]).map(({ key, type, byDefault, required }) => [
    code(key),
    type,
    required ? 'required' : byDefault === undefined ? '' : code(byDefault),
    additions[`${file} ${key}`] ?? '',
  ]);
  return table(['key', 'value', 'default', 'note'], rows);
}

function validatorTable(): string {
  const rows = [...validators.values()].flatMap((one) =>
    parametersOf(one.parameters).map(({ key, type, byDefault, required }, index) => [
      index === 0 ? code(one.name) : '',
      index > 0 ? '' : one.kind === 'evidence' ? code(one.evidence) : 'a decision of people',
      code(key),
      type,
      required ? 'required' : byDefault === undefined ? '' : code(byDefault),
    ]),
  );
  return table(['validator', 'evidence', 'parameter', 'value', 'default'], rows);
}

function lintTable(): string {
  const codes = Object.entries({ ...lintCodes, ...serverLintCodes });
  return table(
    ['code', 'level', 'what it finds'],
    codes.map(([name, { level, what }]) => [code(name), level, what]),
  );
}

function routeTable(): string {
  const rows = catalogue.flatMap(({ name, summary, allow, kinds, surface }) =>
    surface.http
      ? [
          [
            code(surface.http.route),
            summary,
            allow.join(', ') + (kinds ? ` (kind ${kinds.join(', ')})` : ''),
            code(name),
          ],
        ]
      : [],
  );
  return table(['route', 'what it does', 'least role', 'use-case'], rows);
}

function problemTable(): string {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  const rows = codes.map((name) => {
    const { status, retryable } = errorCatalogue[name];
    return [code(name), String(status), retryable ? 'yes' : 'no', meanings[name]];
  });
  return table(['code', 'status', 'worth trying again', 'what is so'], rows);
}

function verbTable(): string {
  const rows = verbs().map(({ name, summary, fields }) => [
    code(name),
    summary,
    fields
      .filter(({ required }) => required)
      .map(({ flag }) => code(`--${flag}`))
      .join(' '),
  ]);
  return table(['verb', 'what it does', 'needs'], rows);
}

if (import.meta.main)
  for (const name of referenceFiles) {
    const file = join(import.meta.dirname, name);
    writeFileSync(file, withTables(readFileSync(file, 'utf8')));
  }
