import type { Json } from '#core/json.ts';
import type { Instant } from '#core/time.ts';

/** Documents of other programs that can be counted. */
export const reportFormats = ['sarif', 'cyclonedx', 'trivy', 'survey-csv'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** The largest document that is taken. Scans of large code bases stay under it; reading one holds up others for a moment. */
export const MOST_DOCUMENT_BYTES = 8 * 1_048_576;

export type ReadingOptions = {
  /** Unset: found out from the document. */
  readonly format?: ReportFormat | undefined;
  /** Tells several reports of one tool apart. */
  readonly category?: string | undefined;
  /** What was scanned. */
  readonly environmentId?: string | undefined;
  /** Whoever sends it says when it was observed, where the document does not. */
  readonly dated?: boolean;
  /** How the columns of a survey are called, where not by these names. */
  readonly columns?: { readonly [column in SurveyColumn]?: string | undefined };
};
export const surveyColumns = ['respondent', 'score', 'answered_at'] as const;
export type SurveyColumn = (typeof surveyColumns)[number];

export type Report = {
  readonly format: ReportFormat;
  readonly kind: 'security_scan' | 'survey_response';
  readonly observations: readonly ReportedObservation[];
  readonly found: readonly Found[];
  /** What was counted in a way that whoever sent it should know of. */
  readonly warnings: readonly string[];
};

export type ReportedObservation = {
  readonly subject: string;
  readonly value: Json;
  /** As the document says; null: it says nothing. */
  readonly observedAt: Instant | null;
};

/** What one tool, or the survey, was found to say. */
export type Found = {
  /** The program, with its version where it names one. */
  readonly by: string;
  readonly subject: string | null;
  readonly figures: { readonly [figure: string]: number };
  /** What was left out, by reason. */
  readonly skipped: { readonly [reason: string]: number };
};

/** Reads a document whole or says why not; nothing of what it cannot understand passes for a clean report. */
export type ReadReport = (text: string, options: ReadingOptions) => ReportRead;
export type ReportRead =
  | { readonly ok: true; readonly report: Report }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly hint?: string;
      /** Each line that is at fault, of a document that has lines. */
      readonly lines?: readonly { readonly line: number; readonly problem: string }[];
    };
