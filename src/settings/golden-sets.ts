import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeIssue } from '#validators/describe-issue.ts';
import type { Problem } from './problem.ts';
import { parseYaml, readText } from './read-yaml.ts';

const text = z.string().trim().min(1).max(2_000);
const goldenSetFile = z.strictObject({
  queries: z
    .array(z.strictObject({ query: text, relevant: z.array(text).max(1_000).default([]) }))
    .min(1, 'must hold at least one query')
    .max(10_000, 'must hold at most 10000 queries'),
});

export type GoldenSet = z.output<typeof goldenSetFile>;
export type GoldenSetRead = GoldenSet | { readonly problem: string };

/** A client's golden set as it is now, so that one may come while the server runs; ids of clients are safe in paths. */
export const readGoldenSet = (dir: string, clientId: string): GoldenSetRead => read(dir, `${clientId}.yaml`);

function read(dir: string, name: string): GoldenSetRead {
  const path = join(dir, name);
  const seen = readText(path);
  if (seen.state === 'missing') return { problem: `there is no golden set ${path}` };
  if (seen.state === 'bad') return { problem: `the golden set ${path} cannot be read: ${seen.why}` };
  const parsed = parseYaml(path, seen.text);
  if (parsed.state !== 'read') return { problem: `the golden set ${path} cannot be read: ${parsed.problem.allowed}` };
  const set = goldenSetFile.safeParse(parsed.tree);
  if (!set.success) {
    const [issue] = set.error.issues;
    return { problem: `the golden set ${path} is not valid: ${issue ? describeIssue(issue) : 'it has another shape'}` };
  }
  const why = unfit(set.data);
  return why === undefined ? set.data : { problem: `the golden set ${path} ${why}` };
}

function unfit({ queries }: GoldenSet): string | undefined {
  if (queries.every(({ relevant }) => relevant.length === 0))
    return 'has no labels: say under relevant which documents answer a query';
  const seen = new Set<string>();
  for (const { query } of queries) {
    if (seen.has(query)) return `has the query "${query}" twice, which would count it twice`;
    seen.add(query);
  }
  return undefined;
}

/** As many are looked at as a start may take time for; the others are looked at when they are used. */
const LOOKED_AT = 200;

/** A set that says nothing is told at the start, and not by a criterion that stays unknown for weeks. */
export function goldenSetProblems(dir: string): readonly Problem[] {
  return namesIn(dir)
    .filter((name) => name.endsWith('.yaml'))
    .slice(0, LOOKED_AT)
    .flatMap((name) => {
      const set = read(dir, name);
      return 'problem' in set ? [{ where: join(dir, name), path: '', allowed: set.problem }] : [];
    });
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).toSorted();
  } catch {
    // Without a folder there are no sets.
    return [];
  }
}
