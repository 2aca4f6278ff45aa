import type { ReadingOptions, ReadReport, ReportFormat, ReportRead } from '#application/reports.ts';
import { boundedJson } from './bounded-json.ts';
import { readCycloneDx } from './cyclonedx.ts';
import { readSarif } from './sarif.ts';
import { readSurvey } from './survey-csv.ts';
import { readTrivy } from './trivy.ts';
import { isUnreadable, unreadable } from './unreadable.ts';

type JsonFormat = Exclude<ReportFormat, 'survey-csv'>;

const readers: { readonly [format in JsonFormat]: (document: object, options: ReadingOptions) => ReportRead } = {
  sarif: readSarif,
  cyclonedx: readCycloneDx,
  trivy: readTrivy,
};

/** Reads a report in the format that is asked for, or in the one that it shows to have. */
export const readReport: ReadReport = (given, options) => {
  const text = given.replace(/^\ufeff/, '');
  if (text.trim() === '') return unreadable('It is empty.', 'Send the file as the tool has written it.');
  const isJson = /^\s*[[{]/.test(text);
  if (!isJson || options.format === 'survey-csv') return readText(text, isJson, options);
  const json = boundedJson(text);
  if (isUnreadable(json)) return json;
  const { value } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unreadable('Its JSON is no object.');
  const shown = formatOf(value);
  const format = options.format ?? shown;
  if (format === undefined)
    return unreadable(
      'It is JSON, but neither SARIF nor CycloneDX nor a report of Trivy.',
      'Say which it is with report_format, or record the figures with evidence add.',
    );
  if (shown !== undefined && shown !== format)
    return unreadable(`It is ${shown}, not ${format}.`, `Leave report_format out, or say ${shown}.`);
  return readers[format](value, options);
};

function readText(text: string, isJson: boolean, options: ReadingOptions): ReportRead {
  const { format } = options;
  if (format !== undefined && format !== 'survey-csv')
    return unreadable(`It is not JSON, as ${format} is.`, 'Send the file as the tool has written it.');
  if (isJson) return unreadable('It is JSON, not CSV.', 'Leave report_format out.');
  return readSurvey(text, options);
}

/** By what each names itself; what could be two of them is none. */
function formatOf(document: object): JsonFormat | undefined {
  const shown: readonly (JsonFormat | false)[] = [
    'runs' in document && 'sarif',
    'bomFormat' in document && document.bomFormat === 'CycloneDX' && 'cyclonedx',
    'SchemaVersion' in document && ('Results' in document || 'ArtifactName' in document) && 'trivy',
  ];
  const [format, ...more] = shown.filter((one) => one !== false);
  return more.length === 0 ? format : undefined;
}
