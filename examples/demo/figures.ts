/** A measured value or a target in few words: `0.86`, `p95_ms 420, error_rate 0.002`, `3 x synced`. */
export function figure(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return '–';
  // Sorted, since the store gives keys back in an order of its own.
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [first, ...others] = entries;
  if (!first) return '–';
  const same = others.length > 0 && typeof first[1] === 'string' && others.every(([, other]) => other === first[1]);
  return same ? `${entries.length} × ${first[1]}` : entries.map(([name, part]) => `${named(name)} ${part}`).join(', ');
}

/** The guide's parameters without what every one of them says. */
const named = (name: string): string => name.replace(/^max_|_max(?=_|$)|_latency/g, '');

/** `scan_result, vulnerabilities` say little; texts and numbers say what has come out of a task. */
export const outcome = (output: Readonly<Record<string, unknown>>): string =>
  Object.entries(output)
    .flatMap(([name, value]) => {
      if (typeof value === 'string' || typeof value === 'number') return [`${name} ${value}`];
      return Array.isArray(value) ? [`${value.length} ${name.replaceAll('_', ' ')}`] : [];
    })
    .slice(0, 2)
    .join(', ');
