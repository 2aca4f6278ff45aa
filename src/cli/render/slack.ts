import type { z } from 'zod';
import type { checkSlack } from '#application/use-cases/check-slack.ts';
import type { listPeople } from '#application/use-cases/list-people.ts';
import type { Paper } from './paper.ts';
import { table } from './table.ts';
import { time } from './values.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];

export function peopleLines(paper: Paper, { people }: z.output<typeof listPeople.output>): Lines {
  if (people.length === 0) return ['Nobody is mapped yet.'];
  return table(
    paper,
    ['Name', 'Roles', 'Slack user', 'Mapped by', 'Since', 'Ended by'],
    people.map((one) => [
      one.principal,
      one.roles.join(', '),
      `${one.team_id}/${one.user_id}`,
      one.mapped_by,
      time(one.mapped_at),
      one.unmapped_by ?? '',
    ]),
  );
}

export const slackLines = (paper: Paper, { findings }: z.output<typeof checkSlack.output>): Lines =>
  findings.flatMap(({ what, ok, found, hint }) => [
    ...wrap(`${ok ? 'ok     ' : 'NOT OK '} ${what}: ${found}`, paper.width),
    ...(hint === null ? [] : wrap(`        ${hint}`, paper.width)),
  ]);
