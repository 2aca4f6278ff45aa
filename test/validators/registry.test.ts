import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DAY, HOUR } from '#core/time.ts';
import { validators } from '#validators/registry.ts';
import { defineValidator } from '#validators/validator.ts';
import { context, observation } from './judging.ts';

describe('the registry', () => {
  test('S81: it knows the seven validators by name', () => {
    expect([...validators.keys()]).toEqual([
      'ConnectorStatusValidator',
      'SearchQualityValidator',
      'SecurityScanValidator',
      'DemoApprovalValidator',
      'UserSatisfactionValidator',
      'BugWindowValidator',
      'PerformanceSLAValidator',
    ]);
  });

  test('S81: every validator refuses a parameter that it does not know', () => {
    for (const { parameters } of validators.values()) {
      const issues = parameters.safeParse({ no_such_parameter: 1 }).error?.issues ?? [];
      expect(issues.map(({ code }) => code)).toContain('unrecognized_keys');
    }
  });

  test('S81: without evidence no validator passes', () => {
    const parameters: { readonly [name: string]: object } = {
      ConnectorStatusValidator: { min_sync_status: 'error', required_connectors: ['jira'] },
      SearchQualityValidator: { min_precision: 0, sample_queries: 1 },
      SecurityScanValidator: { max_critical: 9, max_high: 9 },
      UserSatisfactionValidator: { min_score: 1, min_responses: 1 },
      BugWindowValidator: { window_days: 1, max_critical: 9, max_high: 9 },
      PerformanceSLAValidator: { p95_latency_max_ms: 1, error_rate_max: 1, min_requests: 1 },
    };
    for (const [name, given] of Object.entries(parameters)) {
      const validator = validators.get(name);
      if (validator?.kind !== 'evidence') throw new Error(name);
      expect(validator.bind(given).judge([], context()).outcome).toBe('unknown');
    }
  });

  test('S75: the demo approval has the documented defaults', () => {
    const validator = validators.get('DemoApprovalValidator');
    if (validator?.kind !== 'approval') throw new Error('DemoApprovalValidator is not an approval.');
    expect(validator.bind({ required: true })).toEqual({
      needed: true,
      approvers: [],
      minApprovals: 1,
      excludeInitiator: true,
      expiresAfter_ms: 7 * DAY,
      remindAfter_ms: 24 * HOUR,
      maxReminders: 3,
    });
    expect(validator.bind({ required: false }).needed).toBe(false);
    expect(validator.parameters.safeParse({ approvers: ['somebody'] }).success).toBe(false);
    const approvers = ['user:ann', 'role:lead', 'group:sales', 'slack_group:S1'];
    expect(validator.parameters.safeParse({ approvers }).success).toBe(true);
  });

  test('S75: more approvals than the named people can give are a mistake of the configuration', () => {
    const { parameters } = validators.get('DemoApprovalValidator') ?? {};
    const fits = (approvers: readonly string[], min_approvals: number) =>
      parameters?.safeParse({ approvers, min_approvals }).success;
    expect(fits(['user:ann', 'user:ben'], 2)).toBe(true);
    expect(fits(['user:ann', 'user:ann'], 2)).toBe(false);
    expect(fits(['user:ann', 'group:sales'], 5)).toBe(true);
    expect(fits([], 5)).toBe(true);
  });

  test('a validator that throws is unknown, never a pass', () => {
    const broken = defineValidator({
      name: 'BrokenValidator',
      evidence: 'search_quality',
      parameters: z.strictObject({ max_age_hours: z.number().nullable().default(null) }),
      scope: 'stage',
      judge: () => {
        throw new Error('out of cheese');
      },
    });
    if (broken.kind !== 'evidence') throw new Error('unreachable');
    const verdict = broken.bind({}).judge([observation({ precision: 1, k: 5, sampled: 10 })], context());
    expect(verdict).toMatchObject({ outcome: 'unknown', code: 'validator.failed' });
    expect(verdict.message).toContain('out of cheese');
  });
});
