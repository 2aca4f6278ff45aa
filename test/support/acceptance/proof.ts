import { posix, relative } from 'node:path';
import { idsIn, items } from './items.ts';

/** The part of vitest's JSON report that counts here. */
export type TestReport = {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
};

export type Proof = {
  readonly id: string;
  readonly phrase: string;
  readonly passed: number;
  readonly failed: number;
  /** Left out, or of no known outcome: it proves nothing. */
  readonly skipped: number;
  readonly files: readonly string[];
};

/** Ids count where they lead a title, before its colon: `S56: …`, `I8 S5: …`, `S84..S91: …`. */
const leading = /^((?:[SI]\d+(?:\.\.S?\d+)?[ ,]*)+):/;

const idsOf = (title: string): readonly string[] => idsIn(leading.exec(title)?.[1] ?? '');

/** What the run says about every id, in the order of the list. */
export function proofsOf({ testResults }: TestReport, top: string): readonly Proof[] {
  const seen = new Map<string, { status: string; file: string }[]>();
  for (const { name, assertionResults } of testResults) {
    const file = relative(top, name).replaceAll('\\', posix.sep);
    for (const { ancestorTitles, title, status } of assertionResults)
      for (const id of new Set([...ancestorTitles, title].flatMap(idsOf)))
        seen.set(id, [...(seen.get(id) ?? []), { status, file }]);
  }
  const unknown = [...seen.keys()].filter((id) => !items.has(id));
  if (unknown.length > 0) throw new Error(`No item is called ${unknown.join(', ')}; a test's title names it.`);
  return [...items].map(([id, phrase]) => {
    const tests = seen.get(id) ?? [];
    const count = (wanted: string): number => tests.filter(({ status }) => status === wanted).length;
    const [passed, failed] = [count('passed'), count('failed')];
    const files = [...new Set(tests.map(({ file }) => file))].toSorted();
    return { id, phrase, passed, failed, skipped: tests.length - passed - failed, files };
  });
}

export const isProven = ({ passed, failed }: Proof): boolean => passed > 0 && failed === 0;

/** The ids that CHANGELOG claims: those of its lines that begin with `Proven:` and what is indented below. */
export function claimedIn(changelog: string): readonly string[] {
  const claims = [...changelog.matchAll(/^(?:- )?Proven:[^\n]*(?:\n[ \t]+[^\n]*)*/gm)].flatMap(([text]) => idsIn(text));
  const unknown = claims.filter((id) => !items.has(id));
  if (unknown.length > 0) throw new Error(`CHANGELOG claims ${unknown.join(', ')}, which no item is called.`);
  return claims;
}

/** What CHANGELOG claims although the run does not show it, in words. */
export function unprovenClaims(proofs: readonly Proof[], claimed: readonly string[]): readonly string[] {
  const byId = new Map(proofs.map((proof) => [proof.id, proof]));
  return claimed.flatMap((id) => {
    const proof = byId.get(id);
    if (!proof || isProven(proof)) return [];
    const { passed, failed, skipped } = proof;
    return passed + failed + skipped === 0
      ? [`${id} is claimed, but no test has it in its title.`]
      : [`${id} is claimed, but of its tests ${passed} passed, ${failed} failed, ${skipped} were left out.`];
  });
}
