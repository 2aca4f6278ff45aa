import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseYaml, readText, yamlLimits } from '#settings/read-yaml.ts';

const problemOf = (text: string): string => {
  const read = parseYaml('some.yaml', text);
  return read.state === 'bad' ? `${read.problem.where}: ${read.problem.allowed}` : `accepted: ${JSON.stringify(read)}`;
};

describe('reading YAML', () => {
  test.each([
    ['a tag of its own', 'a: !include other.yaml', 'unknown scalar tag'],
    ['a key that stands twice', 'a: 1\na: 2', 'duplicated mapping key (line 2, column 1)'],
    ['text that is not YAML', 'a: [1', 'is not valid YAML'],
    ['an end marker and nothing else', '...', 'the input is empty'],
    ['two documents', 'a: 1\n---\nb: 2', 'a single document'],
    ['a number without end', 'a: .inf', 'not a finite number'],
    ['the key __proto__', '__proto__: { admin: true }', 'holds the key __proto__'],
    ['the key constructor', 'a: { constructor: { b: 1 } }', 'holds the key constructor'],
    ['the key prototype', 'a: [{ prototype: 1 }]', 'holds the key prototype'],
    ['a list that contains itself', 'a: &a [*a]', `nests deeper than ${yamlLimits.depth} levels`],
    ['more aliases than allowed', `a: &a 1\nb: [${'*a,'.repeat(yamlLimits.aliases + 1)}]`, 'alias'],
    ['more values than allowed', `a: [${'1,'.repeat(yamlLimits.nodes)}]`, `more than ${yamlLimits.nodes} values`],
    ['lists nested too deep', '['.repeat(yamlLimits.depth + 1) + ']'.repeat(yamlLimits.depth + 1), 'is not valid YAML'],
  ])('%s is refused, naming the file', (_, text, says) => {
    expect(problemOf(text)).toContain('some.yaml: ');
    expect(problemOf(text)).toContain(says);
  });

  test('a few lines that stand for millions of values are refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(5)}]`,
    );
    expect(problemOf(['l0: &l0 [1,1,1,1,1]', ...levels].join('\n'))).toContain('more than');
  });

  test('what an alias stands for is a copy, so that changing one leaves the other', () => {
    const read = parseYaml('some.yaml', 'a: &a { x: 1 }\nb: *a');
    const tree = read.state === 'read' ? (read.tree as { a: object; b: object }) : undefined;
    expect(tree?.a).toEqual(tree?.b);
    expect(tree?.a).not.toBe(tree?.b);
  });

  test('a file that is too large is refused unread, and a missing one is told apart', () => {
    const dir = mkdtempSync(join(tmpdir(), 'journey-yaml-'));
    try {
      const path = join(dir, 'large.yaml');
      writeFileSync(path, `a: "${'x'.repeat(yamlLimits.bytes)}"`);
      expect(readText(path)).toMatchObject({ state: 'bad', why: expect.stringContaining('at most') as string });
      expect(readText(join(dir, 'none.yaml'))).toEqual({ state: 'missing' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
