import { z } from 'zod';
import { describeIssue } from '#validators/describe-issue.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';

export type Path = readonly PropertyKey[];

/** Names the origin of what stands at a path: the file, or the variable that put it there. */
export type Locate = (path: Path) => Pick<Problem, 'where' | 'path'>;

/** zod's issues as problems with the value that stands there; a misspelt key gets the nearest allowed one. */
export function problemsOf(
  error: z.ZodError,
  schema: z.ZodType,
  tree: unknown,
  locate: Locate,
  base: Path = [],
): readonly Problem[] {
  return error.issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      const allowed = allowedKeys(schema, issue.path);
      return issue.keys.map((key) => ({
        ...locate([...base, ...issue.path, key]),
        value: shown(valueAt(tree, [...issue.path, key])),
        allowed: `unknown key; ${allowedText(key, allowed)}`,
      }));
    }
    const value = valueAt(tree, issue.path);
    // A bad key of a record is reported at the key, with the reason one level down.
    const reason = issue.code === 'invalid_key' ? `the name ${issue.issues.map(describeIssue).join(', ')}` : undefined;
    return [
      {
        ...locate([...base, ...issue.path]),
        ...(value === undefined ? {} : { value: shown(value) }),
        allowed: reason ?? (value === undefined ? `missing: ${issue.message}` : describeIssue({ ...issue, path: [] })),
      },
    ];
  });
}

export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The keys that the object schema at `path` knows. */
export function allowedKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  const here = unwrapped(schema);
  const [key, ...rest] = path;
  if (here instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(here.shape);
    const next = here.shape[String(key)];
    return next ? allowedKeys(next, rest) : [];
  }
  if (key !== undefined && here instanceof z.ZodArray) return allowedKeys(here.element, rest);
  if (key !== undefined && here instanceof z.ZodRecord) return allowedKeys(here.valueType, rest);
  return [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const wraps =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable;
  return wraps ? unwrapped(schema.def.innerType) : schema;
}
