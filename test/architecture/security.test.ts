import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSyntax, nameOf, nodesOf, sourcesIn, syntaxOf, top, type Source, type Syntax } from './source.ts';

const text = readFileSync(join(top, 'docs/security.md'), 'utf8');
const controls = [...text.matchAll(/^\| (.+) \| `(.+)` \| `(test\/.+)` \|$/gm)].map(
  ([, control = '', title = '', file = '']) => ({
    control,
    title,
    file,
  }),
);
const tests: ReadonlyMap<string, Source> = new Map(
  sourcesIn('test', '.test.ts').map((source) => [source.path, source]),
);

const calledBy = (node: Syntax): string | undefined => {
  const { callee } = node;
  if (!isSyntax(callee)) return undefined;
  // `test.each(rows)('title', …)` calls what a call has answered.
  return callee.type === 'CallExpression' ? nameOf((callee['callee'] as Syntax)['object']) : nameOf(callee);
};

/** The titles of the tests of a file, as they are written. */
const titlesIn = (source: Source): readonly string[] =>
  [...nodesOf(syntaxOf(source))].flatMap(({ node }) => {
    if (node.type !== 'CallExpression' || !['test', 'it'].includes(calledBy(node) ?? '')) return [];
    const [first] = node['arguments'] as readonly Syntax[];
    return first?.type === 'Literal' && typeof first['value'] === 'string' ? [first['value']] : [];
  });

describe('what docs/security.md says', () => {
  test('is of every door, and each row of its tables is read', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (control|---)/.test(line));
    expect(rows.filter((row) => !controls.some(({ title }) => row.includes(title)))).toEqual([]);
    expect(controls.length).toBeGreaterThan(60);
    for (const heading of [
      'REST',
      'MCP',
      'Slack',
      'Calls to others',
      'Settings and secrets',
      'The record',
      'Kubernetes',
    ])
      expect(text).toContain(`## ${heading}\n`);
  });

  test.each(controls)('$control: its test is there', ({ title, file }) => {
    const source = tests.get(file);
    expect(source && titlesIn(source)).toContain(title);
  });
});
