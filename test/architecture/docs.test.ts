import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { invariants } from '#core/verify/violation.ts';
import { journeyStatuses } from '#core/journey/journey.ts';
import { jsonSchemas } from '#settings/json-schemas.ts';
import { variables } from '#settings/variables.ts';
import { evidenceKinds, readEvidence } from '#validators/evidence-kinds.ts';
import { additions } from '../../docs/reference-words.ts';
import { referenceFiles, withTables } from '../../docs/reference.ts';
import { keysOf } from '../../docs/schema-keys.ts';
import {
  deadLinks,
  missingFiles,
  pages,
  unknownRequests,
  unknownScripts,
  unknownVariables,
  wrongCommands,
} from './docs.ts';
import { top } from './source.ts';

const page = (path: string): string => readFileSync(join(top, path), 'utf8');

/** The cells of the rows of every table of a text. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));

describe('the documentation says what is', () => {
  test('links lead somewhere', () => {
    expect(pages.flatMap(deadLinks)).toEqual([]);
  });

  test('files that are named are there', () => {
    expect(pages.flatMap(missingFiles)).toEqual([]);
  });

  test('S44: every variable that is asked for is in the one generated table, every secret also as a file', () => {
    const asked =
      `JOURNEY_HTTP_HOST JOURNEY_HTTP_PORT JOURNEY_PUBLIC_URL JOURNEY_DATA_DIR JOURNEY_CONFIG_DIR JOURNEY_CONFIG_STRICT
      JOURNEY_POLLING_CRON JOURNEY_LOG_LEVEL JOURNEY_STATE_DB_SSLMODE JOURNEY_STATE_DB_POOL_MAX JOURNEY_TASK_LEASE_SECONDS
      JOURNEY_OIDC_ISSUER JOURNEY_OIDC_AUDIENCE JOURNEY_MCP_ALLOWED_HOSTS JOURNEY_MCP_ALLOWED_ORIGINS SLACK_BOT_TOKEN
      SLACK_SIGNING_SECRET SLACK_APP_TOKEN SLACK_API_URL SMTP_URL GLEAN_INSTANCE PROMETHEUS_URL OTEL_EXPORTER_OTLP_ENDPOINT
      JOURNEY_API_URL JOURNEY_API_TOKEN`.split(/\s+/);
    const reference = pages.find(({ path }) => path === 'docs/configuration.md')?.text ?? '';
    expect(asked.filter((name) => !reference.includes(`| \`${name}\``))).toEqual([]);
    const secrets = variables.filter(({ secret }) => secret).map(({ name }) => name);
    expect(secrets.length).toBeGreaterThan(8);
    expect(secrets.filter((name) => !reference.includes(`\`${name}\` or \`${name}_FILE\``))).toEqual([]);
  });

  test('S44: variables that are named exist', () => {
    expect(pages.flatMap(unknownVariables)).toEqual([]);
  });

  test('S138 to S151: commands of the CLI would be taken', () => {
    expect(pages.flatMap(wrongCommands)).toEqual([]);
  });

  test('S139: requests of the API have a route', () => {
    expect(pages.flatMap(unknownRequests)).toEqual([]);
  });

  test('npm scripts that are named exist', () => {
    expect(pages.flatMap(unknownScripts)).toEqual([]);
  });

  test.each(referenceFiles)('the generated tables of docs/%s are up to date (node docs/reference.ts)', (name) => {
    const text = page(`docs/${name}`);
    expect(withTables(text)).toBe(text);
  });

  test('S153: the design of the state machine names every command, event and status that there is', () => {
    const design = page('docs/designs/journey-state-machine-design.md');
    const named = (file: string): readonly string[] =>
      [...page(`src/core/journey/${file}`).matchAll(/type: ((?:'[a-z_]+'(?: \| )?)+)/g)].flatMap(([, names = '']) =>
        [...names.matchAll(/'([a-z_]+)'/g)].map(([, name = '']) => name),
      );
    // What a result's outcome is called is not a command.
    const commands = named('commands.ts').filter((name) => !['succeeded', 'failed'].includes(name));
    const all = new Set([...commands, ...named('events.ts'), ...journeyStatuses]);
    expect(all.size).toBeGreaterThan(40);
    expect([...all].filter((name) => !new RegExp(`\\b${name}\\b`).test(design))).toEqual([]);
  });

  test('notes on keys are about keys that exist', () => {
    const keys = Object.entries(jsonSchemas()).flatMap(([file, schema]) =>
      keysOf(schema).map(({ key }) => `${file} ${key}`),
    );
    expect(Object.keys(additions).filter((key) => !keys.includes(key))).toEqual([]);
  });

  test('every kind of evidence is documented with a value that would be taken', () => {
    const kinds = rowsOf(page('docs/rest-api.md')).flatMap(([kind = '', subject = '', value = '']) =>
      value.startsWith('`{') ? [{ kind: kind.slice(1, -1), subject, value: value.slice(1, -1) }] : [],
    );
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(evidenceKinds).toSorted());
    for (const { kind, subject, value } of kinds)
      expect(readEvidence(kind, JSON.parse(value), subject === '' ? undefined : subject)).toMatchObject({ ok: true });
  });

  test('every invariant that verify names is explained', () => {
    const explained = rowsOf(page('docs/operations.md')).map(([name]) => name);
    expect(Object.keys(invariants).filter((name) => !explained.includes(name))).toEqual([]);
  });

  test('every runtime dependency has its reason on record', () => {
    const manifest = JSON.parse(page('package.json')) as { readonly dependencies: Record<string, string> };
    const recorded = rowsOf(page('docs/decisions/0009-runtime-dependencies.md')).filter(([name]) => name !== 'package');
    expect(Object.fromEntries(recorded.map(([name, version]) => [name, version]))).toEqual(manifest.dependencies);
  });
});

describe('the rule sees what it forbids', () => {
  const path = 'README.md';

  test.each([
    [deadLinks, '[x](docs/no-such-page.md)', 'leads nowhere'],
    [deadLinks, '[x](docs/cli.md#no-such-heading)', 'names no heading'],
    [missingFiles, '`src/core/no-such-file.ts`', 'there is no src'],
    [unknownVariables, 'JOURNEY_NO_SUCH_THING', 'there is no JOURNEY_NO_SUCH_THING'],
    [unknownVariables, 'JOURNEY_HTTP_PORT_FILE', 'there is no JOURNEY_HTTP_PORT_FILE'],
    [wrongCommands, '`journey-cli launch --client-id=x`', 'no such verb'],
    [wrongCommands, '`npm run journey-cli -- status --client=x`', 'no such flag as --client'],
    [wrongCommands, '`journey-cli rollback --client-id=x`', '--reason is missing'],
    [wrongCommands, '```sh\njourney-cli start --client-id=x \\\n  --nothing\n```', 'no such flag as --nothing'],
    [unknownRequests, 'curl -X PUT http://127.0.0.1:8080/api/v1/journeys', 'no route takes PUT'],
    [unknownScripts, 'npm run no-such-script', 'there is no npm run'],
  ])('%o %s', (rule, text, says) => {
    expect(rule({ path, text }).join('\n')).toContain(says);
  });

  test('a table that was edited by hand is made anew', () => {
    const text = '<!-- table: verbs -->\n\n| mine |\n\n<!-- end -->';
    expect(withTables(text)).not.toBe(text);
    expect(() => withTables('<!-- table: no such -->\n<!-- end -->')).toThrow('There is no table no such');
  });
});
