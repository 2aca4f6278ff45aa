import { describe, expect, test } from 'vitest';
import { findingText, lintCodes, type Finding } from '#settings/findings.ts';
import { loadSettings } from '#settings/load-settings.ts';
import type { Environment } from '#settings/environment.ts';
import { agents, stages, templates } from './defects.ts';
import { lintDefects } from './lint-defects.ts';
import { realConfig, seededConfig } from './seeded-config.ts';

const findingsIn = (configDir: string, env: Environment = {}): readonly Finding[] =>
  loadSettings({ env, configDir }).findings;
const text = (found: Finding): string => `${found.code} ${findingText(found)}`;

test("S85, S89, S90, S93, S94: the guide's own files have these findings and no other", () => {
  expect(findingsIn(realConfig).map(({ code, level, at }) => [code, level, at])).toEqual([
    ['input.from_data_sources', 'info', 'templates[sandbox_setup].tasks[install_connectors].input_schema.connectors'],
    [
      'input.unproduced',
      'warning',
      'templates[pilot_setup].tasks[deploy_to_production].input_schema.pilot_cohort_size',
    ],
    ['input.unproduced', 'warning', 'templates[pilot_setup].tasks[configure_user_access].input_schema.users'],
    ['stage.without_template', 'info', 'stages[production]'],
  ]);
});

describe('seeded defects', () => {
  const known = new Set(findingsIn(realConfig).map(text));

  test.each(lintDefects)('$title is found exactly once', ({ code, edits = [], env, at, says, alsoFinds = [] }) => {
    using config = seededConfig();
    for (const edit of edits) config.edit(...edit);
    const found = findingsIn(config.dir, env).filter((one) => !known.has(text(one)));
    expect(found.map((one) => one.code).toSorted()).toEqual([code, ...alsoFinds].toSorted());
    const finding = found.find((one) => one.code === code);
    expect(finding).toMatchObject({ at, level: lintCodes[code].level });
    expect(finding && findingText(finding)).toContain(says);
  });

  test('the corpus has a defect for every code', () => {
    expect([...new Set(lintDefects.map(({ code }) => code))].toSorted()).toEqual(Object.keys(lintCodes).toSorted());
  });
});

const codesWith = (...edits: readonly (readonly [string, string, string])[]): readonly string[] => {
  using config = seededConfig();
  for (const edit of edits) config.edit(...edit);
  return findingsIn(config.dir).map(({ code }) => code);
};

describe('what lint lets pass', () => {
  test('S85: connectors that are mapped to the data sources', () => {
    const mapped = 'depends_on: ["provision_infra"]\n        input_mapping: { connectors: journey.data_sources }';
    expect(codesWith([templates, 'depends_on: ["provision_infra"]', mapped])).not.toContain('input.from_data_sources');
  });

  test('S98: an intent that is left to be pulled', () => {
    const codes = codesWith(
      [agents, ', run_security_scan]', ']'],
      [agents, 'routes: {}', 'routes: { run_security_scan: pull }'],
    );
    expect(codes).not.toContain('intent.no_agent');
  });

  test('S78: a window that fills the stage to the day', () => {
    expect(codesWith([stages, 'window_days: 7', 'window_days: 15'])).not.toContain('criterion.window_exceeds_target');
  });

  test('S93: an input with a default', () => {
    const codes = codesWith([
      templates,
      'users: { type: "array", required: true }',
      'users: { type: "array", required: true, default: [] }',
    ]);
    expect(codes.filter((code) => code === 'input.unproduced')).toHaveLength(1);
  });
});
