import { describe, expect, test } from 'vitest';
import { sourcesIn } from './source.ts';
import { permits, strayTakings, takingsOf, timeInSql } from './surroundings.ts';

const product = ['src', 'bot', 'mcp'].flatMap((folder) => sourcesIn(folder, '.ts'));

describe('what the product takes from its surroundings', () => {
  test('time, chance, timers and the environment come in through the files that are named for it', () => {
    expect(product.flatMap(strayTakings)).toEqual([]);
  });

  test.each(permits)('$file takes $takes, because $because', ({ file, takes }) => {
    const source = product.find(({ path }) => path === file);
    expect(new Set(source && takingsOf(source).map(({ what }) => what))).toEqual(new Set(takes));
  });

  test('SQL never asks the database for the time: it is a parameter', () => {
    expect([...product, ...sourcesIn('migrations', '.sql')].flatMap(timeInSql)).toEqual([]);
  });
});

describe('the rule sees what it forbids', () => {
  const planted: readonly (readonly [text: string, what: string])[] = [
    ['const at = new Date();', 'time'],
    ['const at = Date();', 'time'],
    ['const at = Date.now();', 'time'],
    ['const clock = { now: Date.now };', 'time'],
    [`const at = Date['now']();`, 'time'],
    ['const at = performance.now();', 'time'],
    ['const one = Math.random();', 'chance'],
    ['const id = crypto.randomUUID();', 'chance'],
    [`import { randomUUID } from 'node:crypto';`, 'chance'],
    [`import { randomBytes as bytes } from 'crypto';`, 'chance'],
    [`import * as crypto from 'node:crypto';`, 'chance'],
    ['setTimeout(() => undefined, 1);', 'timer'],
    ['globalThis.setInterval(() => undefined, 1);', 'timer'],
    ['const wait = { setTimeout };', 'timer'],
    [`import { setTimeout as wait } from 'node:timers/promises';`, 'timer'],
    ['const signal = AbortSignal.timeout(5);', 'timer'],
    ['setImmediate(() => undefined);', 'turn'],
    ['const home = process.env.HOME;', 'environment'],
    [`const home = process['env']['HOME'];`, 'environment'],
    ['const { env } = process;', 'environment'],
    [`import { env } from 'node:process';`, 'environment'],
  ];

  test.each(planted)('%s', (text, what) => {
    const found = strayTakings({ path: 'src/core/x.ts', text });
    expect(found.join('\n')).toMatch(new RegExp(`takes ${what} from`));
  });

  test.each([
    'const at = new Date(0);',
    `import { createHash } from 'node:crypto';`,
    'socket.setTimeout(5);',
    'const limits = { setTimeout: 5 };',
    'clock.now();',
    '// Date.now() in a comment',
    `const text = 'Math.random()';`,
  ])('%s is fine', (text) => {
    expect(strayTakings({ path: 'src/core/x.ts', text })).toEqual([]);
  });

  test.each(['select now()', 'values ($1, CURRENT_TIMESTAMP)', 'where at < clock_timestamp ( )'])('SQL: %s', (sql) => {
    expect(timeInSql({ path: 'src/x.ts', text: `const sql = '${sql}';` })).toHaveLength(1);
    expect(timeInSql({ path: 'src/x.ts', text: `const sql = \`\${a} ${sql}\`;` })).toHaveLength(1);
    expect(timeInSql({ path: 'migrations/x.sql', text: `-- not now()\n${sql};` })).toHaveLength(1);
  });
});
