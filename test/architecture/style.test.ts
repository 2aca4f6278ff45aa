import { describe, expect, test } from 'vitest';
import { sourcesIn } from './source.ts';
import { MOST_LINES, oddities, skippedTests } from './style.ts';

const product = ['src', 'bot', 'mcp', 'examples', 'docs'].flatMap((folder) => sourcesIn(folder, '.ts'));
const tests = sourcesIn('test', '.ts');

describe('the style of the house', () => {
  test('files are short, named for what is inside, and do without what the house does without', () => {
    expect([...product, ...tests].flatMap(oddities)).toEqual([]);
  });

  test('no test is skipped, but for those that need a program of the system and say so', () => {
    const others = tests.filter(({ path }) => path !== 'test/support/where.ts');
    expect(others.flatMap(skippedTests)).toEqual([]);
  });
});

describe('the rule sees what it forbids', () => {
  const planted: readonly (readonly [path: string, text: string, says: string])[] = [
    ['src/core/x.ts', 'const a = 1;\n'.repeat(MOST_LINES + 1), '401 lines'],
    ['src/core/stagePlan.ts', '', 'kebab-case'],
    ['src/core/stage_plan.ts', '', 'kebab-case'],
    ['src/core/index.ts', '', 'does not tell'],
    ['src/core/date-utils.ts', '', 'does not tell'],
    ['src/core/x.ts', 'export default 1;', 'a default export'],
    ['src/core/x.ts', 'enum Stage { sandbox }', 'an enum'],
    ['src/core/x.ts', 'declare namespace Stages {}', 'a namespace'],
    ['src/core/x.ts', 'interface Stage { readonly id: string }', 'an interface'],
    ['src/core/x.ts', 'class Stage { constructor(private readonly id: string) {} }', 'a parameter property'],
    ['src/core/x.ts', 'export class Stage {}', 'a class'],
  ];

  test.each(planted)('%s %#', (path, text, says) => {
    expect(oddities({ path, text }).join('\n')).toContain(says);
  });

  test('a validator may export by default, and JourneyError may be a class', () => {
    expect(oddities({ path: 'src/validators/x.validator.ts', text: 'export default 1;' })).toEqual([]);
    expect(oddities({ path: 'src/core/errors.ts', text: 'class JourneyError extends Error {}' })).toEqual([]);
  });

  test.each(['test.skip(() => {});', 'describe.only(() => {});', 'test.skipIf(true)(() => {});'])('%s', (text) => {
    expect(skippedTests({ path: 'test/x.test.ts', text })).toHaveLength(1);
  });
});
