import type { z } from 'zod';
import type { importEvidence } from '#application/use-cases/import-evidence.ts';
import type { Paper } from './paper.ts';
import { section } from './journey.ts';
import { table } from './table.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];
type Imported = z.output<(typeof importEvidence)['output']>;

/** What was counted and what was left out: whoever sent the report knows it, and can tell whether that is right. */
export function importedLines(paper: Paper, answer: Imported): Lines {
  const { client_id, format, kind, recorded, stage, found, warnings, not_judged } = answer;
  const unjudged = `No criterion of ${stage} judges ${kind} from this source: it is kept and shown only.`;
  const said = [...warnings, ...(not_judged.length > 0 ? [unjudged] : [])];
  return [
    `${recorded} ${kind} recorded for ${client_id} in ${stage}, from ${format}.`,
    '',
    ...table(
      paper,
      ['By', 'Filed under', 'Counted', 'Left out'],
      found.map(({ by, subject, figures, skipped }) => [by, subject ?? '', inWords(figures), inWords(skipped)]),
    ),
    ...(said.length > 0
      ? section(
          paper,
          'Mind',
          said.flatMap((one) => wrap(one, paper.width)),
        )
      : []),
  ];
}

const inWords = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, figure]) => `${figure} ${name.replaceAll('_', ' ')}`)
    .join(', ');
