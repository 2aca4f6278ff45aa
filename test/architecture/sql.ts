import { isSyntax, nameOf, nodesOf, placeOf, syntaxOf, type Source, type Syntax } from './source.ts';

/** What may stand in a statement beside the constants of its file, and what it is: never something that was given. */
export const builtIn: Readonly<Record<string, readonly string[]>> = {
  // A flush is put together from its parts, by their names and the columns that they declare.
  'src/adapters/postgres/parts.ts': [
    'won',
    'held',
    'name',
    "columns.map(([, type], index) => decodeColumn(parameter + index, type)).join(', ')",
    "columns.map(([column]) => column).join(', ')",
    "listed.join(',\\n').replaceAll('exists (select 1 from held)', held)",
  ],
  // vacuum takes no parameters; the names are those of the catalogue's own tables.
  'src/adapters/postgres/housekeeping.ts': ['name'],
  // Its one condition more, where events are copied.
  'src/adapters/postgres/retention-store.ts': ["awaitsCopy ? COPIED : ''"],
  // One of the statement's own endings.
  'src/adapters/postgres/task-progress.ts': ['change'],
};

const STATEMENT =
  /\b(select\s|insert\s+into\s|update\s+\w+\s+(\w+\s+)?set\b|delete\s+from\s|vacuum\s|grant\s|revoke\s|truncate\s|unnest\()/;
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;

/** Where a statement is put together from more than constants: values are parameters. */
export const mixedSql = (source: Source): readonly string[] =>
  [...nodesOf(syntaxOf(source))].flatMap(({ node }) => {
    if (node.type !== 'TemplateLiteral' || !STATEMENT.test(textOf(node))) return [];
    return (node['expressions'] as readonly Syntax[]).flatMap((expression) => {
      const text = source.text.slice(expression.start, Number(expression['end']));
      if (isConstant(expression) || builtIn[source.path]?.includes(text) === true) return [];
      return [`${placeOf(source, expression)}: \${${text}} in a statement; make it a parameter.`];
    });
  });

const isConstant = (node: Syntax): boolean => node.type === 'Identifier' && CONSTANT.test(nameOf(node) ?? '');

const textOf = (node: Syntax): string =>
  (node['quasis'] as readonly unknown[])
    .map((one) => (isSyntax(one) ? (one['value'] as { readonly raw: string }).raw : ''))
    .join('…');
