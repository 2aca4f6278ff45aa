/** `24 Nov 09:05 UTC`, in words that are the same for everybody in the channel. */
export function when(at: string | number): string {
  const date = new Date(at);
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][
    date.getUTCMonth()
  ];
  return `${date.getUTCDate()} ${month} ${date.toISOString().slice(11, 16)} UTC`;
}

/** A figure as a person reads it. */
export function figure(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return String(Math.round(value * 1_000) / 1_000);
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(figure).join(', ');
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${figure(inner)}`)
    .join(', ');
}

/** `demo_approval` and `validate-exit` as words. */
export const words = (name: string): string => name.replaceAll(/[_-]/g, ' ');
