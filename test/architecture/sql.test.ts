import { describe, expect, test } from 'vitest';
import { builtIn, mixedSql } from './sql.ts';
import { sourcesIn } from './source.ts';

const sources = sourcesIn('src', '.ts');

test('SQL is made of constants, and values are its parameters', () => {
  expect(sources.flatMap(mixedSql)).toEqual([]);
});

test.each(Object.entries(builtIn))('what %s may put into a statement is there', (path, expressions) => {
  const text = sources.find((source) => source.path === path)?.text ?? '';
  expect(expressions.filter((one) => !text.includes(`\${${one}}`))).toEqual([]);
});

describe('the rule sees what it forbids', () => {
  const path = 'src/adapters/postgres/planted.ts';

  test.each([
    ['const s = `select * from tokens where name = ${name}`;'],
    ["const s = `delete from outbox where client_id = '${clientId}'`;"],
    ['const s = `update tokens set name = ${input.name}`;'],
    ['const s = `insert into tokens values (${values.join()})`;'],
    ['const s = `select 1 from ${TABLE} where id = ${id}`;'],
  ])('%s', (text) => {
    expect(mixedSql({ path, text })).toEqual([expect.stringContaining('make it a parameter')]);
  });

  test.each([['const s = `select ${COLUMNS} from tokens where name = $1`;'], ['const s = `Hello ${name}`;']])(
    '%s is in order',
    (text) => {
      expect(mixedSql({ path, text })).toEqual([]);
    },
  );
});
