import type { z } from 'zod';
import type { checkConfig } from '#application/use-cases/check-config.ts';
import type { diffConfig } from '#application/use-cases/diff-config.ts';
import type { lintConfig } from '#application/use-cases/lint-config.ts';
import type { showConfig } from '#application/use-cases/show-config.ts';
import { section } from './journey.ts';
import type { Paper, Style } from './paper.ts';
import { pairs, table, type Cell } from './table.ts';
import { inLine, time } from './values.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];
type Answer<U extends { readonly output: z.ZodType }> = z.output<U['output']>;
type Check = Answer<typeof checkConfig>;

export function configLines(paper: Paper, answer: Answer<typeof showConfig>): Lines {
  const { active, own, reload, after_restart, values } = answer;
  const withOrigin = values.some(({ origin }) => origin !== undefined);
  const failing = reload.failures.filter(({ mended_at }) => mended_at === null);
  const since = `${active.hash} (${active.label}), since ${time(active.activated_at)} by ${active.activated_by} (${active.door})`;
  return [
    ...pairs(paper, [
      ['Decides', since],
      ['Taken up', `${own.is_active ? 'the same' : `${own.hash} (${own.label})`}, from ${own.folder}`],
      ['Reload', reload.state === 'ok' ? 'ok' : { text: 'failed: the files cannot be used', style: 'red' }],
      ...(after_restart.length > 0 ? [['After a restart', after_restart.join(', ')] as const] : []),
    ]),
    ...failing.flatMap(({ process, failed_at, problems, stranded }) =>
      section(paper, `${process}, ${time(failed_at)}`, [
        ...problemLines(paper, problems),
        ...strandedLines(paper, stranded),
      ]),
    ),
    '',
    ...table(
      paper,
      ['Key', 'Value', ...(withOrigin ? ['Origin'] : [])],
      values.map(({ key, value, origin }) => [key, inLine(value), ...(withOrigin ? [origin ?? ''] : [])]),
    ),
  ];
}

export function checkLines(paper: Paper, answer: Check): Lines {
  const { ok, hash, is_active, problems, stranded, findings, changes, left_out, after_restart } = answer;
  return [
    ...pairs(paper, [
      ['Result', ok ? { text: 'can be taken up', style: 'green' } : { text: 'cannot be taken up', style: 'red' }],
      ...(hash === null ? [] : [['Version', is_active ? `${hash}, which decides already` : hash] as const]),
      ...(after_restart.length > 0 ? [['After a restart', after_restart.join(', ')] as const] : []),
    ]),
    ...(problems.length > 0 ? section(paper, 'Problems', problemLines(paper, problems)) : []),
    ...(stranded.length > 0 ? section(paper, 'Left behind', strandedLines(paper, stranded)) : []),
    ...(changes.length > 0 ? section(paper, 'Changes', changeLines(paper, changes, left_out)) : []),
    ...(findings.length > 0 ? section(paper, 'Findings', findingLines(paper, findings)) : []),
  ];
}

const problemLines = (paper: Paper, problems: Check['problems']): Lines =>
  problems.flatMap(({ where, path, value, allowed }) => {
    const at = path === '' ? where : `${where}: ${value === undefined ? path : `${path} is ${value}`}`;
    return wrap(`${at}: ${allowed}`, paper.width);
  });

const strandedLines = (paper: Paper, stranded: Check['stranded']): Lines =>
  stranded.flatMap(({ stage, count, clients }) => {
    const others = count > clients.length ? [`${count - clients.length} more`] : [];
    const who = [...clients, ...others].join(', ');
    return wrap(`No stage is called ${stage}, in which ${count === 1 ? 'is' : 'are'} ${who}.`, paper.width);
  });

export const diffLines = (paper: Paper, { from, to, changes, left_out }: Answer<typeof diffConfig>): Lines => [
  ...pairs(paper, [
    ['From', from],
    ['To', to],
  ]),
  '',
  ...(changes.length > 0 ? changeLines(paper, changes, left_out) : ['Nothing that decides differs.']),
];

const changeLines = (paper: Paper, changes: Check['changes'], leftOut: number): Lines => [
  ...table(
    paper,
    ['Key', 'From', 'To'],
    changes.map(({ key, from, to }) => [key, inLine(from), inLine(to)]),
  ),
  ...(leftOut > 0 ? ['', `There are ${leftOut} more.`] : []),
];

export const lintLines = (paper: Paper, { findings }: Answer<typeof lintConfig>): Lines =>
  findings.length > 0 ? findingLines(paper, findings) : ['Nothing was found.'];

const styles = { error: 'red', warning: 'yellow', info: 'dim' } as const satisfies Record<string, Style>;

/** A finding is read as a sentence: the columns that it would need fit no terminal. */
const findingLines = (paper: Paper, findings: Check['findings']): Lines =>
  findings.flatMap(({ code, level, at, message, hint }, index) => {
    const head: Cell = { text: `${level}: ${code}`, style: styles[level] };
    return [
      ...(index === 0 ? [] : ['']),
      ...pairs(paper, [
        ['Finding', head],
        ['At', at],
        ['What', message],
        ['Next', hint],
      ]),
    ];
  });
