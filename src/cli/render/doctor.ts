import type { z } from 'zod';
import type { checkServer } from '#application/use-cases/check-server.ts';
import type { Paper, Style } from './paper.ts';
import { table } from './table.ts';

type Report = z.output<typeof checkServer.output>;
type State = Report['probes'][number]['findings'][number]['state'];

const styles: Readonly<Record<State, Style>> = { ok: 'green', warning: 'yellow', failed: 'red', off: 'dim' };

/** A row a finding; its probe stands beside the first of them. */
export function doctorLines(paper: Paper, { probes }: Report): readonly string[] {
  const all = probes.flatMap(({ findings }) => findings);
  const count = (state: State): number => all.filter((one) => one.state === state).length;
  return [
    ...table(
      paper,
      ['', 'State', 'What was found', 'What to do'],
      probes.flatMap(({ name, findings }) =>
        findings.map(({ state, said, hint }, index) => [
          index === 0 ? name : '',
          { text: state, style: styles[state] },
          said,
          hint ?? '',
        ]),
      ),
    ),
    '',
    `${count('failed')} failed, ${count('warning')} warnings, ${count('ok')} ok, ${count('off')} off.`,
  ];
}
