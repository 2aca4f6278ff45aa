import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { idsIn, items } from '#test/support/acceptance/items.ts';
import { pageWith } from '#test/support/acceptance/page.ts';
import { claimedIn, isProven, proofsOf, unprovenClaims, type TestReport } from '#test/support/acceptance/proof.ts';
import { top } from './source.ts';

const tests = (...each: (readonly [title: string, status: string, under?: string])[]): TestReport => ({
  testResults: [
    {
      name: '/product/test/core/some.test.ts',
      assertionResults: each.map(([title, status, under]) => ({
        title,
        status,
        ancestorTitles: under === undefined ? [] : [under],
      })),
    },
  ],
});
const proofsFrom = (...each: Parameters<typeof tests>) =>
  new Map(proofsOf(tests(...each), '/product').map((proof) => [proof.id, proof]));

describe('what counts as the proof of an id', () => {
  test('the list has every id once, in order, with words', () => {
    expect([...items.keys()]).toEqual(Array.from({ length: 156 }, (_, index) => `S${index + 1}`));
    expect([...items.values()].every((phrase) => phrase.length > 5)).toBe(true);
  });

  test('a range is each of its ids', () => {
    expect(idsIn('S1, S5..S7, S21..22')).toEqual(['S1', 'S5', 'S6', 'S7', 'S21', 'S22']);
  });

  test('an id at the head of a title, or of what it stands under, and nowhere else', () => {
    const proofs = proofsFrom(
      ['S56: is capped', 'passed'],
      ['I8 S84..S86: many', 'passed'],
      ['is grouped', 'passed', 'S2: the cap'],
      ['mentions S7: in passing', 'passed'],
    );
    expect([...proofs.values()].filter(isProven).map(({ id }) => id)).toEqual(['S2', 'S56', 'S84', 'S85', 'S86']);
    expect(proofs.get('S56')?.files).toEqual(['test/core/some.test.ts']);
  });

  test('a test that failed or was left out proves nothing', () => {
    const proofs = proofsFrom(
      ['S1: fine', 'passed'],
      ['S1: broken', 'failed'],
      ['S2: later', 'skipped'],
      ['S3: some day', 'todo'],
    );
    expect([...proofs.values()].filter(isProven)).toEqual([]);
    expect(unprovenClaims([...proofs.values()], ['S1', 'S2', 'S4'])).toEqual([
      'S1 is claimed, but of its tests 1 passed, 1 failed, 0 were left out.',
      'S2 is claimed, but of its tests 0 passed, 0 failed, 1 were left out.',
      'S4 is claimed, but no test has it in its title.',
    ]);
  });

  test('an id that no item has is a mistake, in a title and in a claim', () => {
    expect(() => proofsFrom(['S157: beyond', 'passed'])).toThrow('S157');
    expect(() => claimedIn('Proven: S1, S900')).toThrow('S900');
  });

  test('claims are read from the lines that make them', () => {
    expect(claimedIn('- S9 is nice\n\n- Proven: S1..S3,\n  S5\n- and S7')).toEqual(['S1', 'S2', 'S3', 'S5']);
    expect(claimedIn(readFileSync(join(top, 'CHANGELOG.md'), 'utf8')).length).toBeGreaterThan(0);
  });

  test('the page keeps what people wrote around the table', () => {
    const page = pageWith('before\n<!-- items -->\nold\n<!-- end -->\nafter\n', [
      ...proofsFrom(['S1: x', 'passed']).values(),
    ]);
    expect(page).toMatch(/^before\n<!-- items -->\n\n1 of 156 are proven\.\n/);
    expect(page).toContain(
      '| S1 | switched off, it serves but does nothing by itself | `test/core/some.test.ts` | proven |',
    );
    expect(page).toContain(
      '| S2 | cap on concurrent journeys over all replicas, with a queue |  | open: not built yet |',
    );
    expect(page).toMatch(/<!-- end -->\nafter\n$/);
  });
});
