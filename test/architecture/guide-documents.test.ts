import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { messageTypes } from '#core/journey/messages.ts';
import { idsIn, items } from '#test/support/acceptance/items.ts';
import { top } from './source.ts';

const page = (path: string): string => readFileSync(join(top, path), 'utf8');
const codeIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code));

describe('the documents that the guide refers to', () => {
  test('S154: the integration architecture has every door, every room that speaks to others, and every message', () => {
    const named = codeIn(page('docs/architecture/journey-orchestration-integration.md'));
    const doors = /export type Door = ([^;]+);/.exec(page('src/application/use-case.ts'))?.[1] ?? '';
    const rooms = readdirSync(join(top, 'src/adapters'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `src/adapters/${name}`);
    const all = [...[...doors.matchAll(/'(\w+)'/g)].map(([, door = '']) => door), ...rooms, ...messageTypes];
    expect(all.length).toBeGreaterThan(25);
    expect(all.filter((one) => !named.has(one))).toEqual([]);
  });

  test('S155: the bounded context owns every table that there is, and speaks the words of the glossary', () => {
    const text = page('docs/ddd/journey-orchestration-bounded-context.md');
    const tables = readdirSync(join(top, 'migrations')).flatMap((file) =>
      [...page(`migrations/${file}`).matchAll(/^create table (?:if not exists )?(\w+)/gm)].map(([, name = '']) => name),
    );
    const named = codeIn(text);
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter((table) => !named.has(table))).toEqual([]);
    const owned = [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    );
    expect(owned.filter((name) => !tables.includes(name))).toEqual([]);
    const language = /^## The language\n(.*?)^## /ms.exec(text)?.[1] ?? '';
    const words = [...language.matchAll(/\*\*([a-z ]+)\*\*/g)].map(([, word = '']) => word);
    const glossary = page('docs/glossary.md');
    expect(words.length).toBeGreaterThan(12);
    expect(words.filter((word) => !glossary.includes(`**${word}**`))).toEqual([]);
  });
});

/** The rows of a table of rulings: ids, what the guide says, and what is so here. */
const rulingsIn = (text: string): readonly (readonly [ids: readonly string[], cells: readonly string[]])[] =>
  [...text.matchAll(/^\| (S\d[^|]*)\|(.*)\|$/gm)].map(([, ids = '', rest = '']) => [
    idsIn(ids.replaceAll(' to ', '..')),
    rest.split('|').map((cell) => cell.trim()),
  ]);

const records = readdirSync(join(top, 'docs/decisions'))
  .filter((file) => /^\d{4}-.*\.md$/.test(file))
  .map((file) => page(`docs/decisions/${file}`));

describe('deviations from the guide', () => {
  test('S156: every item of the guide has a ruling on record: as it stands, or how it is resolved', () => {
    const ruled = new Set(records.flatMap((text) => rulingsIn(text).flatMap(([ids]) => ids)));
    expect([...items.keys()].filter((id) => id.startsWith('S') && !ruled.has(id))).toEqual([]);
    expect([...ruled].filter((id) => !items.has(id))).toEqual([]);
  });

  test('S156: what is taken as it stands is resolved nowhere else, and a resolution says what it is', () => {
    const all = records.flatMap(rulingsIn);
    const asItStands = all.filter(([, cells]) => cells.length === 1).flatMap(([ids]) => ids);
    const resolved = all.filter(([, cells]) => cells.length > 1);
    expect(asItStands.length).toBeGreaterThan(10);
    const twice = new Set(resolved.flatMap(([ids]) => ids));
    expect(asItStands.filter((id) => twice.has(id))).toEqual([]);
    expect(resolved.filter(([, [, here = '']]) => here === '')).toEqual([]);
  });
});
