import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReport } from '#adapters/reports/read-report.ts';
import { example, read, refused } from './reading.ts';

const survey = (...lines: string[]): string => ['respondent,score', ...lines].join('\n');
const answers = (text: string, options = {}) =>
  read(text, options).observations.map(({ subject, value }) => [subject, (value as { readonly score: number }).score]);
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

describe('the answers of a survey', () => {
  test('S77: are read by the names of the columns, each under who has given it', () => {
    expect(read(example('answers.csv'))).toEqual({
      format: 'survey-csv',
      kind: 'survey_response',
      observations: [
        { subject: 'ann@example.com', value: { score: 5 }, observedAt: null },
        { subject: 'ben@example.com', value: { score: 4 }, observedAt: null },
        { subject: 'carla@example.com', value: { score: 4 }, observedAt: null },
      ],
      found: [{ by: 'survey', subject: null, figures: { answers: 3, mean: 4.33 }, skipped: {} }],
      warnings: ['No column says when people answered: all answers count as of now.'],
    });
  });

  test.each([
    ['semicolons', 'score;respondent\n5;ann\n4;ben'],
    ['tabs', 'score\trespondent\n5\tann\n4\tben'],
    ['a mark of the encoding, other line ends and blanks', '\ufeffScore , Respondent\r\n 5, ann\r\n\r\n4 ,ben\r\n'],
    ['line ends of old', 'score,respondent\r5,ann\r4,ben'],
    ['more columns', 'id,score,why,respondent\n1,5,"so, so",ann\n2,4,"a ""b""\nc",ben'],
  ])('may come with %s', (_what, text) => {
    expect(answers(text)).toEqual([
      ['ann', 5],
      ['ben', 4],
    ]);
  });

  test('may have columns of other names', () => {
    const text = 'Who?,"How satisfied, 1-5?",Submitted\nann,4,2026-02-01T09:00:00Z';
    const columns = { respondent: 'who?', score: 'How satisfied, 1-5?', answered_at: 'Submitted' };
    expect(read(text, { columns }).observations).toEqual([
      { subject: 'ann', value: { score: 4 }, observedAt: Date.parse('2026-02-01T09:00:00Z') },
    ]);
  });

  test('who has answered twice has one voice, the later one', () => {
    const text = [
      'respondent,score,answered_at',
      'Ann@x.org,2,2026-02-03T09:00:00Z',
      'ann@x.org,5,2026-02-01T09:00:00Z',
      'ben,3,2026-02-01T09:00:00Z',
    ].join('\n');
    expect(answers(text)).toEqual([
      ['ann@x.org', 2],
      ['ben', 3],
    ]);
    expect(read(text).found[0]?.skipped).toEqual({ repeated: 1 });
    expect(answers(survey('ann,4', 'ann,4'))).toEqual([['ann', 4]]);
  });

  test('S77: bad lines are named, each where it begins, and none of the others is taken', () => {
    const result = readReport(
      ['respondent,score,why', 'ann,5,"on', 'two lines"', ',4,', 'ben,four,', 'carl,5', 'dora,3,', 'dora,4,'].join(
        '\n',
      ),
      {},
    );
    expect(result).toMatchObject({
      ok: false,
      problem: expect.stringContaining('4 of its lines cannot be used, so that none is recorded'),
      lines: [
        { line: 4, problem: 'it names no respondent, who may answer once' },
        { line: 5, problem: 'its score is "four", not a number from 1 to 5' },
        { line: 6, problem: 'it has 2 fields, the header 3' },
        { line: 8, problem: 'dora has answered 3 on line 7, and nothing says which is the later' },
      ],
    });
  });

  test.each(['0', '6', '10', '5.1', '-1', '4,5', '1e0', '', 'NaN', '0x5', '٣'])('a score of %s is refused', (score) => {
    expect(refused(survey(`ann,"${score}"`))).toContain('line 2: its score is');
  });

  test('S77: a scale from 0 to 10 is refused, never converted', () => {
    expect(refused(survey('ann,4', 'ben,9'))).toContain('a scale from 0 to 10 is never converted');
    for (const title of ['NPS', 'Score (0-10)', 'How likely, 0 to 10?'])
      expect(refused(`respondent,"${title}"\nann,4`, { columns: { score: title } })).toContain(
        'on a scale from 0 to 10',
      );
  });

  test.each([
    ['no answers', 'respondent,score\n', 'It has a header and no answers.'],
    ['no respondents', 'name,score\nann,5', 'No column is called respondent; there are name, score.'],
    ['no column of the name that was said', survey('ann,5'), 'No column is called When'],
    ['a column twice', 'respondent,score,Score\nann,5,4', '2 columns are called score.'],
    ['a quote that never ends', survey('ann,5', '"ben,4'), 'It is not CSV, or was cut off: Quote Not Closed'],
    ['a time without its zone', 'respondent,score,answered_at\nann,5,2026-02-01 09:00', 'line 2: its answered_at is'],
    ['letters that were lost', survey('Jos\ufffd,5'), 'characters that are not UTF-8'],
    ['a line end in a name', survey('"an\nn",5'), 'a line end or control character'],
    [
      'more answers than are taken',
      survey(...Array.from({ length: 2_001 }, (_, n) => `p${n},5`)),
      'more than 2000 answers',
    ],
  ])('with %s are refused', (what, text, why) => {
    const columns = what.includes('was said') ? { answered_at: 'When' } : {};
    expect(refused(text, { columns, format: 'survey-csv' })).toContain(why);
  });

  test('only twenty of many bad lines are named', () => {
    const result = readReport(survey(...Array.from({ length: 500 }, (_, n) => `p${n},9`)), {});
    expect(result).toMatchObject({ ok: false, problem: expect.stringMatching(/^500 of its lines.*; and more\.$/) });
    expect(result.ok ? [] : result.lines).toHaveLength(20);
  });

  test('however they are quoted, the answers of people are those that were given', () => {
    const who = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => /^[^\s\p{C}@-]+$/u.test(text));
    const people = fc.uniqueArray(fc.record({ who, score: fc.integer({ min: 1, max: 5 }), why: fc.string() }), {
      selector: (one) => one.who.normalize('NFC'),
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(people, fc.constantFrom('\n', '\r\n'), (given, end) => {
        const lines = given.map((one) => [quoted(one.who), one.score, quoted(one.why)].join(','));
        expect(answers(['respondent,score,why', ...lines].join(end))).toEqual(
          given.map((one) => [one.who.normalize('NFC'), one.score]),
        );
      }),
    );
  });
});
