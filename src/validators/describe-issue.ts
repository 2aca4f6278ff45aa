import type { z } from 'zod';

/** One zod issue in words: where, and what is allowed there. A union speaks with the branch that got furthest. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.errors.every(isOneAtRoot))
    return withPath(issue.path, alternatives(issue.errors));
  const inner = issue.code === 'invalid_union' ? closestBranch(issue.errors) : undefined;
  if (inner) return inner.map((each) => describeIssue({ ...each, path: [...issue.path, ...each.path] })).join('; ');
  return withPath(issue.path, issue.message);
}

function withPath(path: readonly PropertyKey[], text: string): string {
  return path.length === 0 ? text : `${pathText(path)}: ${text}`;
}

const isOneAtRoot = (branch: readonly z.core.$ZodIssue[]): boolean =>
  branch.length === 1 && branch[0]?.path.length === 0;
const alternatives = (branches: readonly z.core.$ZodIssue[][]): string =>
  branches.flatMap((branch) => branch.map(({ message }) => message)).join(', or ');

function closestBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches.toSorted((a, b) => misses(a) - misses(b))[0];
}

/** Foreign keys show most surely that another branch was meant. */
const misses = (branch: readonly z.core.$ZodIssue[]): number =>
  branch.filter(({ code }) => code === 'unrecognized_keys').length * 10 + branch.length;

/** `stages[0].exit_criteria[2].parameters` */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('');
