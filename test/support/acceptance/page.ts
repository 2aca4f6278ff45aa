import { isProven, type Proof } from './proof.ts';

const table = /(<!-- items -->\n)[^]*?(<!-- end -->)/;

/** The page with its table made anew; what people have written around it stays. */
export function pageWith(page: string, proofs: readonly Proof[]): string {
  if (!table.test(page)) throw new Error('docs/acceptance.md has no <!-- items --> … <!-- end --> to write into.');
  return page.replace(table, (_all, begin: string, end: string) => `${begin}\n${rowsOf(proofs)}\n\n${end}`);
}

function rowsOf(proofs: readonly Proof[]): string {
  const proven = proofs.filter(isProven).length;
  const rows = proofs.map((proof) => [
    proof.id,
    proof.phrase,
    proof.files.map((file) => `\`${file}\``).join(', '),
    isProven(proof) ? 'proven' : proof.files.length === 0 ? 'open: not built yet' : 'open',
  ]);
  const lines = [['id', 'what is asked', 'tests', 'state'], ['---', '---', '---', '---'], ...rows];
  return [`${proven} of ${proofs.length} are proven.`, '', ...lines.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

/** For the terminal: an id a line with its tests, and what is claimed without being so. */
export const printed = (proofs: readonly Proof[]): string =>
  proofs
    .map(({ id, phrase, passed, failed, skipped }) => {
      const tests = passed + failed + skipped;
      const outcome = tests === 0 ? 'no test' : `${passed} of ${tests} passed`;
      return `${id.padEnd(5)} ${outcome.padEnd(18)} ${phrase}`;
    })
    .join('\n');
