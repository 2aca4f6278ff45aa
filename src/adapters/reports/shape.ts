import type { z } from 'zod';

/** The first thing that does not fit, and where. */
export function shapeProblem({ issues: [first] }: z.ZodError): string {
  const where =
    first?.path.reduce<string>(
      (path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${String(key)}`),
      '',
    ) ?? '';
  return `${where.replace(/^\./, '') || 'the document'}: ${first?.message ?? 'it does not fit'}`;
}
