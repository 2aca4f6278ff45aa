import { expect, it } from 'vitest';

import { cryptoIds } from '#adapters/ids.ts';

it('a random id is 128 bits in URL-safe characters, and never the same', () => {
  const ids = Array.from({ length: 1000 }, () => cryptoIds.random());
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

it('a digest is the same for the same text in every version', () => {
  expect(cryptoIds.digest('acme')).toBe(cryptoIds.digest('acme'));
  expect(cryptoIds.digest('acme')).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(cryptoIds.digest('')).toBe('47DEQpj8HBSa-_TImW-5JC');
});
