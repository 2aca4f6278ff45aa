import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import type { NewObservation } from '#core/journey/commands.ts';
import type { Instant } from '#core/time.ts';
import { ClientId, text } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { notJudged, readObservation } from '../observations.ts';
import { MOST_DOCUMENT_BYTES, reportFormats, surveyColumns, type Report, type ReportRead } from '../reports.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';

const column = (what: string) => text(200).optional().describe(`The column of a survey that holds ${what}.`);

const Imported = z.object({
  client_id: z.string(),
  format: z.enum(reportFormats),
  kind: z.string(),
  recorded: z.number(),
  stage: z.string(),
  found: z.array(
    z.object({
      by: z.string(),
      subject: z
        .string()
        .nullable()
        .describe('What the observation is filed under; the next of that name succeeds it.'),
      figures: z.record(z.string(), z.number()),
      skipped: z.record(z.string(), z.number()).describe('How many findings or answers were left out, by reason.'),
    }),
  ),
  warnings: z.array(z.string()),
  /** The kind, where no criterion of the stage judges it from this source. */
  not_judged: z.array(z.string()),
});

export const importEvidence = defineUseCase({
  name: 'evidence.import',
  summary: 'Record what a report says: a security scan (SARIF, CycloneDX, Trivy) or the answers of a survey (CSV).',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: {
      route: 'POST /api/v1/journeys/:client_id/evidence/import',
      status: 201,
      document: {
        field: 'document',
        most_bytes: MOST_DOCUMENT_BYTES,
        types: [
          'application/json',
          'application/sarif+json',
          'application/vnd.cyclonedx+json',
          'text/csv',
          'application/octet-stream',
        ],
      },
    },
    cli: {
      verb: 'evidence import',
      examples: [
        'evidence import --client-id="client-123" --file=scan.sarif',
        'evidence import --client-id="client-123" --file=answers.csv --score-column="How satisfied are you?"',
      ],
    },
    without: {
      mcp: 'files come from pipelines and people; an agent records figures with record_evidence',
      slack: 'a command there carries no file',
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    document: z.string().describe('The report, as the tool has written it.'),
    report_format: z.enum(reportFormats).optional().describe('What the report is; found out unless said.'),
    category: text(100)
      .optional()
      .describe('Tells several reports of one tool apart, as frontend and backend; each stands until its next.'),
    environment_id: text(256).optional().describe('The environment that was scanned.'),
    observed_at: z.iso
      .datetime({ offset: true, error: 'must be an ISO 8601 time with its zone, as 2026-02-01T09:00:00Z' })
      .optional()
      .describe('When it was observed, where the report does not say so; now unless said.'),
    source: text(255).optional().describe('What you call the source; shown, never trusted.'),
    respondent_column: column('who has answered'),
    score_column: column('the score, from 1 to 5'),
    answered_at_column: column('when it was answered'),
  }),
  output: Imported,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, document, observed_at, source, ...input }) => {
    const journey = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(journey)) return journey;
    const read = dependencies.readReport(document, {
      format: input.report_format,
      category: input.category,
      environmentId: input.environment_id,
      dated: observed_at !== undefined,
      columns: Object.fromEntries(surveyColumns.map((name) => [name, input[`${name}_column`]])),
    });
    if (!read.ok) return unreadable(read);
    const { report } = read;
    const now = observed_at === undefined ? dependencies.clock.journey() : Date.parse(observed_at);
    const observations = observationsOf(report, now, (given, path) =>
      readObservation(dependencies, call.principal, { ...given, source }, path),
    );
    if (isRefusal(observations)) return observations;
    const isFromBefore = ({ observedAt }: NewObservation): boolean => observedAt < journey.stageStartedAt;
    const submitted = await submit(
      dependencies,
      call,
      client_id,
      { type: 'record_evidence', observations },
      ({ journey: after }): z.input<typeof Imported> => ({
        client_id,
        format: report.format,
        kind: report.kind,
        recorded: observations.length,
        stage: after.stage,
        found: report.found.map((one) => ({ ...one, figures: { ...one.figures }, skipped: { ...one.skipped } })),
        warnings: [...report.warnings, ...(observations.some(isFromBefore) ? [FROM_BEFORE] : [])],
        not_judged: notJudged(dependencies, journey, observations),
      }),
    );
    return isRefusal(submitted) ? submitted : (submitted.answer as z.input<typeof Imported>);
  },
});

const FROM_BEFORE = 'What was observed before this stage was entered is kept and shown, and does not count for it.';

function unreadable({ problem, hint, lines }: Extract<ReportRead, { readonly ok: false }>): Refusal {
  return refuse(
    'report.unreadable',
    problem,
    hint ?? 'Nothing of it was recorded. Record the figures with evidence add, if need be.',
    lines && { problems: lines.map((one) => ({ ...one })) },
  );
}

type Read = (
  given: { readonly kind: string; readonly subject: string; readonly value: unknown; readonly observedAt: Instant },
  path: string,
) => NewObservation | Refusal;

const Subject = text(255);

/** All of them, or the first that cannot be recorded. What the report itself says of when outranks `otherwise`. */
function observationsOf(
  { kind, observations }: Report,
  otherwise: Instant,
  readOne: Read,
): readonly NewObservation[] | Refusal {
  const read: NewObservation[] = [];
  for (const { subject, value, observedAt } of observations) {
    const name = Subject.safeParse(subject);
    if (!name.success)
      return refuse(
        'report.unreadable',
        `What it calls its tool, ${JSON.stringify(subject.slice(0, 80))}, cannot be filed: ${name.error.issues[0]?.message}.`,
        'Record the figures with evidence add.',
      );
    const one = readOne({ kind, subject: name.data, value, observedAt: observedAt ?? otherwise }, subject);
    if (isRefusal(one)) return one;
    read.push(one);
  }
  return read;
}
