import { expect, test } from 'vitest';
import { verbs } from '#cli/verbs.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { runCli } from './run-cli.ts';

const help = async (...argv: readonly string[]) => runCli('http://127.0.0.1:1', argv);

test('help of all verbs is a public surface: a change of it is accepted on purpose', async () => {
  const pages = await Promise.all(
    [['help'], ...verbs().map(({ name }) => ['help', ...name.split(' ')])].map((argv) => help(...argv)),
  );
  await expect(pages.map(({ out }) => out).join(`${'='.repeat(80)}\n`)).toMatchFileSnapshot('snapshots/help.txt');
});

test('without arguments it shows all verbs, on stdout, and that is no error', async () => {
  const { code, out, err } = await help();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const { name, group } of verbs()) {
    expect(out).toContain(`\n${group}:\n`);
    expect(out).toContain(`\n  ${name} `);
  }
  expect(out).toBe((await help('help')).out);
});

test('help of a verb is the same however it is asked for, and shows examples', async () => {
  const forms = await Promise.all([
    help('help', 'token', 'create'),
    help('token', 'create', '--help'),
    help('token', 'create', '-h'),
  ]);
  expect(new Set(forms.map(({ out }) => out)).size).toBe(1);
  expect(forms.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(forms[0].out).toContain('journey-cli token create --name=ci --roles=operator');
});

test('--version prints the version of the package', async () => {
  expect(await help('--version')).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' });
});
