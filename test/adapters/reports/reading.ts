import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadingOptions, Report } from '#application/reports.ts';
import { readReport } from '#adapters/reports/read-report.ts';

export const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../examples/evidence', name), 'utf8');

/** The report; throws when it cannot be read. */
export function read(document: object | string, options: ReadingOptions = {}): Report {
  const result = readReport(typeof document === 'string' ? document : JSON.stringify(document), options);
  if (!result.ok) throw new Error(`It cannot be read: ${result.problem}`);
  return result.report;
}

/** Why it cannot be read, with the hint; throws when it can. */
export function refused(document: object | string, options: ReadingOptions = {}): string {
  const result = readReport(typeof document === 'string' ? document : JSON.stringify(document), options);
  if (result.ok) throw new Error(`It was read: ${JSON.stringify(result.report)}`);
  return `${result.problem} ${result.hint ?? ''}`.trim();
}

/** The figures of the only tool of a report. */
export function figures(
  document: object | string,
  options: ReadingOptions = {},
): { readonly [figure: string]: number } {
  const [found, ...more] = read(document, options).found;
  if (!found || more.length > 0) throw new Error('It is not about one tool.');
  return found.figures;
}
