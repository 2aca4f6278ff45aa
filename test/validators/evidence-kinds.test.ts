import { describe, expect, test } from 'vitest';
import { evidenceKinds, subjectOf } from '#validators/evidence-kinds.ts';

const parse = (kind: string, value: unknown) => evidenceKinds[kind]?.parse(value);

describe('kinds of evidence', () => {
  test('each kind takes its own values', () => {
    const good: { readonly [kind: string]: readonly object[] } = {
      connector_status: [{ status: 'syncing' }],
      search_quality: [{ precision: 0.86, k: 5, sampled: 200 }],
      security_scan: [
        { critical: 0, high: 1 },
        { critical: 0, high: 0, medium: 2, low: 9, environment_id: 'env-1' },
      ],
      survey_response: [{ score: 4.5 }],
      bug: [
        { all_clear: true },
        { severity: 'high', opened_at: '2026-02-01T09:00:00Z' },
        { severity: 'low', opened_at: '2026-02-01T09:00:00Z', closed_at: '2026-02-01T11:00:00+01:00' },
      ],
      performance: [{ p95_ms: 420, error_rate: 0.001, requests: 5000 }],
      user_adoption: [{ rate: 0.7 }, { active: 70, cohort: 100 }],
      search_satisfaction: [{ score: 4.6 }],
      query_volume: [{ count: 1200, window_start: '2026-02-01T00:00:00Z' }],
    };
    expect(Object.keys(good).toSorted()).toEqual(Object.keys(evidenceKinds).toSorted());
    for (const [kind, values] of Object.entries(good))
      for (const value of values) expect(parse(kind, value)).toEqual({ ok: true, value });
  });

  test.each([
    ['connector_status', { status: 'fine' }, 'status: Invalid option'],
    ['search_quality', { precision: 86, k: 5, sampled: 200 }, 'precision'],
    ['search_quality', { precision: 0.86, sampled: 200 }, 'k: '],
    ['security_scan', { critical: 0 }, 'high'],
    ['security_scan', { critical: 0, high: 0, hihg: 1 }, 'hihg'],
    ['survey_response', { score: 0 }, 'score'],
    ['bug', { severity: 'high', opened_at: 'yesterday' }, 'opened_at'],
    [
      'bug',
      { severity: 'high', opened_at: '2026-02-02T00:00:00Z', closed_at: '2026-02-01T00:00:00Z' },
      'closed_at: must not be before',
    ],
    ['bug', { all_clear: false }, 'all_clear'],
    ['performance', { p95_ms: -1, error_rate: 0, requests: 1 }, 'p95_ms'],
    ['user_adoption', { active: 101, cohort: 100 }, 'active: must not be more than cohort'],
    ['query_volume', 12, 'expected object'],
  ])('%s refuses %j and says where', (kind, value, problem) => {
    const result = parse(kind, value);
    expect(result?.ok).toBe(false);
    expect(result && 'problem' in result ? result.problem : '').toContain(problem);
  });

  test('connectors, respondents and bugs are named, scans may be, the others are not', () => {
    const named = Object.entries(evidenceKinds).flatMap(([kind, { subject }]) =>
      subject === 'required' ? [kind] : [],
    );
    expect(named).toEqual(['connector_status', 'survey_response', 'bug']);
    expect(subjectOf('connector_status', { status: 'synced' }, 'jira')).toEqual({ ok: true, subject: 'jira' });
    expect(subjectOf('connector_status', { status: 'synced' }, undefined)).toMatchObject({ ok: false });
    expect(subjectOf('search_quality', {}, undefined)).toEqual({ ok: true, subject: '-' });
    expect(subjectOf('search_quality', {}, 'jira')).toMatchObject({ ok: false });
    expect(subjectOf('security_scan', {}, 'trivy')).toEqual({ ok: true, subject: 'trivy' });
    expect(subjectOf('security_scan', {}, undefined)).toEqual({ ok: true, subject: '-' });
  });

  test('S78: an all-clear has no subject, so that it cannot take the place of a bug', () => {
    expect(subjectOf('bug', { all_clear: true }, undefined)).toEqual({ ok: true, subject: '-' });
    expect(subjectOf('bug', { all_clear: true }, 'B-1')).toMatchObject({ ok: false });
    expect(subjectOf('bug', { severity: 'high' }, undefined)).toMatchObject({ ok: false });
  });
});
