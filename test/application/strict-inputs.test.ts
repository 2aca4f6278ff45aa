import { expect, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { schemaOf } from '#application/input-fields.ts';

test('unknown fields are refused by every use-case', () => {
  const open = catalogue.filter(
    ({ input }) => (schemaOf(input, 'input') as { additionalProperties?: unknown }).additionalProperties !== false,
  );
  expect(open.map(({ name }) => name)).toEqual([]);
});

test.each(catalogue)('$name takes no field that nobody knows, and no way to a prototype', ({ input }) => {
  for (const field of ['no_such_field', 'constructor', '__proto__']) {
    const given = JSON.parse(`{"${field}": {"admin": true}}`) as unknown;
    const parsed = input.safeParse(given);
    expect(parsed.success ? Object.keys(parsed.data as object) : []).not.toContain(field);
  }
});
