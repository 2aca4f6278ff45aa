import { describe, expect, test } from 'vitest';
import { dependencies, importsOf, resolve } from './imports.ts';
import { owners, ringOf, strayImports } from './rings.ts';
import { sourcesIn } from './source.ts';

const sources = ['bin', 'src', 'bot', 'mcp', 'examples'].flatMap((folder) => sourcesIn(folder, '.ts'));

describe('who may import whom', () => {
  test('every file keeps to its ring', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(sources.flatMap(strayImports)).toEqual([]);
  });

  test('every dependency of the product has an owner that uses it', () => {
    const used = new Set(
      sources.flatMap((source) =>
        importsOf(source).flatMap(({ specifier }) => {
          const target = resolve(source.path, specifier);
          return target.kind === 'package' ? [target.name] : [];
        }),
      ),
    );
    expect(dependencies.filter((name) => !used.has(name))).toEqual([]);
    // The example worker is no part of the product, and its client no dependency of it.
    const ownedByProduct = Object.keys(owners).filter((name) => name !== '@modelcontextprotocol/client');
    expect(ownedByProduct.filter((name) => !dependencies.includes(name))).toEqual([]);
  });

  test('what runs in production needs no development dependency', () => {
    const product = sources.filter(({ path }) => !path.startsWith('examples/'));
    const needed = product.flatMap((source) =>
      importsOf(source).flatMap(({ specifier, place, typeOnly }) => {
        const target = resolve(source.path, specifier);
        return target.kind === 'package' && !typeOnly && !dependencies.includes(target.name)
          ? [`${place} ${target.name}`]
          : [];
      }),
    );
    expect(needed).toEqual([]);
  });
});

describe('the rule sees what it forbids', () => {
  const planted: readonly (readonly [path: string, text: string, says: string])[] = [
    ['src/core/x.ts', `import { z } from 'zod';`, 'zod belongs to'],
    ['src/core/x.ts', `import { join } from 'node:path';`, 'takes nothing from node'],
    ['src/core/x.ts', `import { join } from 'path';`, 'takes nothing from node'],
    ['src/core/journey/x.ts', `export * from '../../application/lane.ts';`, 'core may not import'],
    ['src/core/x.ts', `import type { Clock } from '#application/ports.ts';`, 'core may not import'],
    ['src/application/x.ts', `import { cryptoIds } from '#adapters/ids.ts';`, 'application may not import'],
    ['src/application/x.ts', `import { validators } from '#validators/registry.ts';`, 'application may not import'],
    ['src/application/use-cases/x.ts', `const { Pool } = await import('pg');`, 'pg belongs to'],
    ['src/validators/x.validator.ts', `import other from './bug-window.validator.ts';`, 'stands alone'],
    ['src/validators/x.validator.ts', `import { openServer } from '#adapters/postgres/server.ts';`, 'may not import'],
    ['src/settings/x.ts', `import { systemClock } from '#adapters/clock.ts';`, 'settings may not import'],
    ['src/settings/x.ts', `import { decide } from '#core/journey/decide.ts';`, 'only its types'],
    ['src/adapters/postgres/x.ts', `import { a2aGateway } from '../agents/a2a-gateway.ts';`, 'may not import'],
    ['src/adapters/postgres/x.ts', `import { openLane } from '#application/lane.ts';`, 'only its types'],
    ['src/adapters/agents/x.ts', `import pg from 'pg';`, 'pg belongs to'],
    ['src/adapters/clock.ts', `import { cryptoIds } from './ids.ts';`, 'may not import'],
    ['src/http/x.ts', `import { openServer } from '#adapters/postgres/server.ts';`, 'http may not import'],
    ['src/http/x.ts', `import { verbs } from '#cli/verbs.ts';`, 'http may not import'],
    ['src/http/x.ts', `import { loadSettings } from '#settings/load-settings.ts';`, 'http may not import'],
    ['src/cli/x.ts', `import { evolve } from '#core/journey/evolve.ts';`, 'only its types'],
    ['src/scheduler/x.ts', `type T = import('#adapters/clock.ts').AcceleratedClock;`, 'scheduler may not import'],
    ['bot/x.ts', `import { httpApp } from '#http/app.ts';`, 'bot may not import'],
    ['mcp/x.ts', `import { compose } from '#src/composition/compose.ts';`, 'mcp may not import'],
    ['src/http/x.ts', `import { compose } from '../composition/compose.ts';`, 'http may not import'],
    ['src/cli/x.ts', `import yaml from 'js-yaml';`, 'js-yaml belongs to'],
    ['src/http/x.ts', `import lodash from 'lodash';`, 'nobody owns lodash'],
    ['src/http/x.ts', `import { x } from './no-such-file.ts';`, 'there is no src/http/no-such-file.ts'],
    ['src/http/x.ts', `const name = 'pg'; await import(name);`, 'nobody owns (computed)'],
    ['examples/agents/x.ts', `import { HOUR } from '#core/time.ts';`, 'example agents may not import'],
    ['src/composition/x.ts', `import '../main.ts';`, 'nobody but its own program'],
    ['src/odd/x.ts', `export {};`, 'belongs to no ring'],
  ];

  test.each(planted)('%s: %s', (path, text, says) => {
    expect(strayImports({ path, text }).join('\n')).toContain(says);
  });

  test('a door may name the types of the core, but not call it', () => {
    const path = 'src/http/x.ts';
    expect(strayImports({ path, text: `import type { Journey } from '#core/journey/journey.ts';` })).toEqual([]);
    expect(strayImports({ path, text: `import { type Journey } from '#core/journey/journey.ts';` })).toEqual([]);
    expect(strayImports({ path, text: `import { type A, decide } from '#core/journey/decide.ts';` })).toHaveLength(1);
  });

  test("an adapter's room is its folder, or its file where it is one file", () => {
    expect(ringOf('src/adapters/postgres/rows.ts')?.name).toBe('src/adapters/postgres/');
    expect(ringOf('src/adapters/clock.ts')?.name).toBe('src/adapters/clock.ts');
    expect(strayImports({ path: 'src/adapters/postgres/x.ts', text: `import { r } from './rows.ts';` })).toEqual([]);
  });
});
