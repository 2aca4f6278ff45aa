import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSettings } from '#settings/load-settings.ts';
import { lifecycleDefects } from './lifecycle-defects.ts';
import { defects, orchestrator, stages, templates } from './defects.ts';
import { messageOf, seededConfig } from './seeded-config.ts';

describe('defects in the files', () => {
  test.each([...defects, ...lifecycleDefects])('%s stops the start', (_, file, from, to, ...says) => {
    using config = seededConfig();
    config.edit(file, from, to);
    const message = messageOf({ env: {}, configDir: config.dir });
    expect(message).toContain(`${join(config.dir, file)}: `);
    for (const text of says) expect(message).toContain(text);
    expect(message).not.toContain('secret@');
  });

  test('S66: every problem is listed, over all files and the environment', () => {
    using config = seededConfig();
    config.edit(stages, 'order: 2', 'order: 1');
    config.edit(templates, 'stage: "pilot"', 'stage: "plot"');
    config.edit(orchestrator, 'worker_pool_size: 10', 'worker_pool_size: ten');
    const message = messageOf({ env: { JOURNEY_HTTP_PORT: 'http' }, configDir: config.dir });
    expect(message.split('\n')[0]).toBe('The settings have 4 problems:');
    for (const text of ['JOURNEY_HTTP_PORT', 'worker_pool_size is "ten"', 'stages[1].order', 'templates[1].stage'])
      expect(message).toContain(text);
  });

  test('S75: a stage with two approvals stops the start', () => {
    using config = seededConfig();
    const before = readFileSync(join(config.dir, stages), 'utf8');
    const second = before
      .replace('check_id: "security_scan"', 'check_id: "second_approval"')
      .replace(
        /validator: "SecurityScanValidator"\n\s+parameters:\n\s+max_critical: 0\n\s+max_high: 5/,
        'validator: "DemoApprovalValidator"',
      );
    config.write(stages, second);
    expect(messageOf({ env: {}, configDir: config.dir })).toContain('a stage has at most one approval');
  });

  test('a file that is missing is named', () => {
    using config = seededConfig();
    config.remove(stages);
    expect(messageOf({ env: {}, configDir: config.dir })).toContain(
      `${join(config.dir, stages)}: there is no such file`,
    );
  });

  test('S69: gaps between orders are allowed, and the order of the list is not the order of the stages', () => {
    using config = seededConfig();
    config.edit(stages, 'order: 1', 'order: 70');
    config.edit(stages, 'order: 3', 'order: 700');
    const { document } = loadSettings({ env: {}, configDir: config.dir });
    expect(document.stages.map(({ stage_id }) => stage_id)).toEqual(['pilot', 'sandbox', 'production']);
  });
});
