import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { catalogue } from '#application/catalogue.ts';
import { findTopic, inputOf, topicsOf } from '#bot/topics.ts';
import { typedInput } from '#bot/typed-input.ts';
import { wordsOf } from '#bot/words.ts';
import { cut, wrapped } from '#bot/views/text.ts';

const topics = topicsOf(catalogue);

function inputFor(line: string): unknown {
  const found = findTopic(topics, line);
  if ('nearest' in found) throw new Error(`No word: ${line}`);
  const { topic, rest } = found;
  return inputOf(topic, typedInput(topic.typed, topic.fields, rest));
}

describe('a line that is typed', () => {
  it.each([
    ['status acme', { client_id: 'acme' }],
    ['rollback acme the index is broken', { client_id: 'acme', reason: 'the index is broken' }],
    [
      'rollback acme to-stage=sandbox “the index” is broken',
      { client_id: 'acme', to_stage: 'sandbox', reason: 'the index is broken' },
    ],
    ['rollback acme reason="a=b c" --to_stage=sandbox', { client_id: 'acme', to_stage: 'sandbox', reason: 'a=b c' }],
    ['complete acme p95=300 is too slow', { client_id: 'acme', reason: 'p95=300 is too slow' }],
    [
      'start acme salesforce, jira,confluence',
      { client_id: 'acme', data_sources: ['salesforce', 'jira', 'confluence'] },
    ],
    [
      'provide-input acme pilot_cohort_size=25 users=ann,ben',
      { client_id: 'acme', inputs: { pilot_cohort_size: 25, users: ['ann', 'ben'] } },
    ],
    [
      'people map <@U012AB3CD|ann> approver,operator ann',
      { user_id: 'U012AB3CD', roles: ['approver', 'operator'], name: 'ann' },
    ],
    [
      'evidence add acme search_quality precision=0.9 k=5',
      { client_id: 'acme', observations: [{ kind: 'search_quality', value: { precision: 0.9, k: 5 } }] },
    ],
    ['complete acme R&amp;D &lt;left&gt;', { client_id: 'acme', reason: 'R&D <left>' }],
  ])('%s', (line, input) => {
    expect(inputFor(line)).toEqual(input);
  });

  it('is never lost: whatever is typed comes out as words, and nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (line) => {
        for (const topic of topics) typedInput(topic.typed, topic.fields, line);
        expect(wordsOf(line).join('').length).toBeLessThanOrEqual(line.length);
      }),
      { numRuns: 200 },
    );
  });
});

const bare = (words: string): string => words.replaceAll(/\s/g, '');

describe('text on a card', () => {
  it('has no line of more than 40 characters, loses nothing short, and is cut where it is endless', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        for (const line of wrapped(text, '   ').split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(40);
        expect(bare(wrapped(text))).toBe(bare(text));
        expect(cut(text, 20).isWellFormed()).toBe(text.isWellFormed() || cut(text, 20).isWellFormed());
      }),
    );
    expect(wrapped('x'.repeat(10_000)).length).toBeLessThan(1_600);
  });
});
