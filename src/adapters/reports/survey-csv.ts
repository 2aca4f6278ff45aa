import { CsvError, parse } from 'csv-parse/sync';
import type { Instant } from '#core/time.ts';
import type { ReadingOptions, ReportRead, SurveyColumn } from '#application/reports.ts';
import { instantOf } from './findings.ts';
import { isUnreadable, unreadable, type Unreadable } from './unreadable.ts';

/** They are recorded together or not at all, as one event of the journey. */
const MOST_ANSWERS = 2_000;
const MOST_PROBLEMS = 20;
const surveyColumns: readonly SurveyColumn[] = ['respondent', 'score', 'answered_at'];
const [LOWEST, HIGHEST] = [1, 5];

type Row = { readonly line: number; readonly fields: readonly string[] };
type Columns = { readonly [column in SurveyColumn]?: number };
type Answer = {
  readonly line: number;
  readonly respondent: string;
  readonly score: number;
  readonly at: Instant | null;
};
type LineProblem = { readonly line: number; readonly problem: string };

/** Answers of a survey, one a line: who, and from 1 to 5. All of them are good, or none is taken. */
export function readSurvey(text: string, { columns: names = {}, dated = false }: ReadingOptions): ReportRead {
  const rows = rowsOf(text);
  if (isUnreadable(rows)) return rows;
  const [header, ...lines] = rows;
  const columns = columnsOf(header?.fields ?? [], names);
  if (isUnreadable(columns)) return columns;
  if (lines.length === 0) return unreadable('It has a header and no answers.');
  if (lines.length > MOST_ANSWERS)
    return unreadable(`It has more than ${MOST_ANSWERS} answers.`, 'Send them in parts.');
  const read = lines.map((row) => answerOf(row, columns, header?.fields.length ?? 0));
  const answers = read.filter((one): one is Answer => !isProblem(one));
  const { kept, repeated, problems: contradictions } = oneVoiceEach(answers);
  const problems = [...read.filter(isProblem), ...contradictions].toSorted((one, other) => one.line - other.line);
  if (problems.length > 0) return unusable(problems, answers.length);
  const mean = kept.reduce((sum, { score }) => sum + score, 0) / kept.length;
  return {
    ok: true,
    report: {
      format: 'survey-csv',
      kind: 'survey_response',
      observations: kept.map(({ respondent, score, at }) => ({
        subject: respondent,
        value: { score },
        observedAt: at,
      })),
      found: [
        {
          by: 'survey',
          subject: null,
          figures: { answers: kept.length, mean: Math.round(mean * 100) / 100 },
          skipped: repeated > 0 ? { repeated } : {},
        },
      ],
      warnings:
        columns.answered_at === undefined && !dated
          ? ['No column says when people answered: all answers count as of now.']
          : [],
    },
  };
}

/** Every row with the line that it begins on. */
function rowsOf(text: string): readonly Row[] | Unreadable {
  // One kind of line end, so that lines are counted as an editor counts them.
  const lines = text.replaceAll(/\r\n?/g, '\n');
  try {
    const records = parse(lines, {
      delimiter: delimiterOf(lines),
      info: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      skip_empty_lines: true,
      max_record_size: 100_000,
      // One more than is taken shows that there are too many.
      to: MOST_ANSWERS + 2,
    }) as unknown as readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
    return records.map(({ record, info }) => ({
      line: info.lines - record.reduce((sum, field) => sum + field.split('\n').length - 1, 0),
      fields: record.map((field) => field.trim()),
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return unreadable(
      `It is not CSV, or was cut off: ${error.message}.`,
      'Quote what holds a comma, a quote or a line end, and double quotes within.',
    );
  }
}

/** The header says what separates: spreadsheets of some countries write semicolons. */
function delimiterOf(text: string): string {
  const header =
    text
      .trimStart()
      .split('\n', 1)[0]
      ?.replaceAll(/"[^"]*"/g, '') ?? '';
  const counted = [',', ';', '\t'].map((one) => ({ one, times: header.split(one).length }));
  return counted.reduce((most, other) => (other.times > most.times ? other : most)).one;
}

function columnsOf(header: readonly string[], names: NonNullable<ReadingOptions['columns']>): Columns | Unreadable {
  const columns: { [column in SurveyColumn]?: number } = {};
  for (const column of surveyColumns) {
    const name = names[column] ?? column;
    const places = header.flatMap((field, place) => (field.toLowerCase() === name.toLowerCase() ? [place] : []));
    const [place] = places;
    if (places.length > 1) return unreadable(`${places.length} columns are called ${name}.`, 'Name each once.');
    if (place !== undefined) columns[column] = place;
    else if (names[column] !== undefined || column !== 'answered_at') return noColumn(name, header);
  }
  const score = header[columns.score ?? 0] ?? '';
  // Answers from 0 to 10 may happen to lie between 1 and 5, and would say something else.
  return /\bnps\b|\b0\s*(?:-|–|to|\.\.\.?|…)\s*10\b/i.test(score) ? otherScale(`The column ${score} is`) : columns;
}

const noColumn = (name: string, header: readonly string[]): Unreadable =>
  unreadable(
    `No column is called ${name}; there are ${header.join(', ').slice(0, 300) || 'none'}.`,
    'The first line names the columns respondent and score, and may name answered_at; other names are given with the import.',
  );

const otherScale = (subject: string): Unreadable =>
  unreadable(
    `${subject} on a scale from 0 to 10. Scores from ${LOWEST} to ${HIGHEST} are taken; another scale is never converted.`,
    'Ask from 1 to 5.',
  );

const isProblem = (one: Answer | LineProblem): one is LineProblem => 'problem' in one;

function answerOf({ line, fields }: Row, columns: Columns, width: number): Answer | LineProblem {
  if (fields.length !== width) return { line, problem: `it has ${fields.length} fields, the header ${width}` };
  const at = (column: SurveyColumn): string | undefined => fields[columns[column] ?? -1];
  const [given = '', score = '', answered] = [at('respondent'), at('score'), at('answered_at')];
  const problem = respondentProblem(given) ?? scoreProblem(score) ?? timeProblem(answered);
  return problem === undefined
    ? { line, respondent: personOf(given), score: Number(score), at: instantOf(answered) }
    : { line, problem };
}

/** Mail addresses are the same however they are capitalised. */
const personOf = (given: string): string => (given.includes('@') ? given.toLowerCase() : given).normalize('NFC');

function respondentProblem(given: string): string | undefined {
  if (given === '' || given === '-') return 'it names no respondent, who may answer once';
  if (given.length > 255) return 'its respondent has more than 255 characters';
  if (given.includes('\ufffd')) return 'its respondent has characters that are not UTF-8';
  // oxlint-disable-next-line no-control-regex -- control characters are what must not come in.
  return /[\u0000-\u001f\u007f]/.test(given) ? 'its respondent has a line end or control character' : undefined;
}

function scoreProblem(given: string): string | undefined {
  if (!/^\d{1,3}(?:\.\d{1,9})?$/.test(given))
    return `its score is ${JSON.stringify(given.slice(0, 40))}, not a number from ${LOWEST} to ${HIGHEST}`;
  const score = Number(given);
  return score >= LOWEST && score <= HIGHEST ? undefined : `its score is ${given}, not from ${LOWEST} to ${HIGHEST}`;
}

const timeProblem = (given: string | undefined): string | undefined =>
  given === undefined || instantOf(given) !== null
    ? undefined
    : `its answered_at is ${JSON.stringify(given.slice(0, 40))}, not a time with its zone as 2026-02-01T09:00:00Z`;

/** Who has answered twice has one voice: the later one where times say so; without times the two must agree. */
function oneVoiceEach(answers: readonly Answer[]): {
  readonly kept: readonly Answer[];
  readonly repeated: number;
  readonly problems: readonly LineProblem[];
} {
  const kept = new Map<string, Answer>();
  const problems: LineProblem[] = [];
  for (const answer of answers) {
    const { respondent, score, at, line } = answer;
    const other = kept.get(respondent);
    if (other && other.at === at && other.score !== score)
      problems.push({
        line,
        problem: `${respondent} has answered ${other.score} on line ${other.line}, and nothing says which is the later`,
      });
    else if (!other || (at ?? 0) > (other.at ?? 0)) kept.set(respondent, answer);
  }
  return { kept: [...kept.values()], repeated: answers.length - kept.size, problems };
}

function unusable(problems: readonly LineProblem[], good: number): Unreadable {
  const named = problems.slice(0, MOST_PROBLEMS);
  const scale = problems.some(({ problem }) => /its score is (?:0|[6-9]|10),/.test(problem));
  return {
    ok: false,
    problem: [
      `${problems.length} of its lines cannot be used, so that none is recorded (${good} could be): `,
      named.map(({ line, problem }) => `line ${line}: ${problem}`).join('; '),
      problems.length > named.length ? '; and more.' : '.',
    ].join(''),
    hint: scale
      ? `Scores from 1 to 5 are taken; a scale from 0 to 10 is never converted.`
      : 'Correct these lines and send the file again.',
    lines: named,
  };
}
