import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApprovalCriterion, EvidenceCriterion, Plan, TaskPlan } from '#core/plan.ts';
import { DAY, HOUR } from '#core/time.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { configHash, readDocument } from '#settings/document.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { ancestorsOf, taskOrder } from '#settings/task-order.ts';
import { realConfig, seededConfig } from './seeded-config.ts';

const { document } = loadSettings({ env: {}, configDir: realConfig });
const plan = compilePlan(document);
const stageOf = (id: string, from: Plan = plan) => from.stages.find((stage) => stage.id === id);
const criterionOf = (stage: string, check: string, from: Plan = plan) =>
  stageOf(stage, from)?.criteria.find(({ checkId }) => checkId === check);
const taskOf = (id: string): TaskPlan | undefined =>
  plan.stages.flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks)).find((task) => task.id === id);

const figuresOf = (stage: string, check: string) => {
  const { evidenceKind, acceptedSources, maxAge_ms, scope } = criterionOf(stage, check) as EvidenceCriterion;
  return [evidenceKind, acceptedSources.join(' '), maxAge_ms === null ? null : maxAge_ms / HOUR, scope];
};

describe('the plan', () => {
  test('S47 S50 S69: it carries the hash, the cap, the time of a task and the stages in their order', () => {
    expect(plan).toMatchObject({
      hash: configHash(document),
      maxConcurrentJourneys: 100,
      taskTimeout_ms: 120_000,
      baseInterval_ms: 300_000,
    });
    expect(plan.stages.map(({ id, durationTarget_ms }) => [id, durationTarget_ms])).toEqual([
      ['sandbox', 15 * DAY],
      ['pilot', 15 * DAY],
      ['production', null],
    ]);
  });

  test('S61: a stage may say otherwise than the global auto_promotion_enabled', () => {
    using config = seededConfig();
    config.edit('stages.yaml', 'order: 2', 'order: 2\n    auto_promotion: false');
    const other = compilePlan(loadSettings({ env: {}, configDir: config.dir }).document);
    expect(other.stages.map(({ autoPromotion }) => autoPromotion)).toEqual([true, false, true]);
  });

  test('S72 to S79: criteria carry kind, sources, age and scope', () => {
    expect(figuresOf('sandbox', 'connectors_syncing')).toEqual([
      'connector_status',
      'collector operator task:install_connectors',
      24,
      'stage',
    ]);
    expect(figuresOf('sandbox', 'search_quality')).toEqual(['search_quality', 'collector operator', 168, 'stage']);
    expect(figuresOf('sandbox', 'security_scan')).toEqual([
      'security_scan',
      'collector operator task:run_security_scan',
      null,
      'stage',
    ]);
    expect(figuresOf('pilot', 'user_satisfaction')).toEqual(['survey_response', 'collector operator', null, 'stage']);
    expect(figuresOf('pilot', 'bug_window')).toEqual(['bug', 'collector operator', null, 'history']);
    expect(figuresOf('pilot', 'performance_sla')).toEqual(['performance', 'collector operator', 24, 'stage']);
  });

  test('S71: required, accepted_sources and max_age_hours of a criterion count, and survive being stored', () => {
    using config = seededConfig();
    config.edit(
      'stages.yaml',
      'validator: "SecurityScanValidator"',
      'validator: "SecurityScanValidator"\n        required: false\n        accepted_sources: [token:scanner]\n        max_age_hours: 12',
    );
    const changed = loadSettings({ env: {}, configDir: config.dir }).document;
    const stored = readDocument(JSON.parse(JSON.stringify(changed)));
    for (const each of [changed, stored])
      expect(criterionOf('sandbox', 'security_scan', compilePlan(each))).toMatchObject({
        required: false,
        acceptedSources: ['token:scanner'],
        maxAge_ms: 12 * HOUR,
      });
  });

  test('S75: the demo approval becomes a rule for people', () => {
    const { kind, rule } = criterionOf('sandbox', 'demo_approval') as ApprovalCriterion;
    expect(kind).toBe('approval');
    expect(rule).toEqual({
      needed: true,
      approvers: [],
      minApprovals: 1,
      excludeInitiator: true,
      expiresAfter_ms: 7 * DAY,
      remindAfter_ms: DAY,
      maxReminders: 3,
    });
  });

  test('S62: rollback criteria, and how long a criterion must hold, are part of the plan, and survive being stored', () => {
    using config = seededConfig();
    config.edit(
      'stages.yaml',
      'order: 3',
      `order: 3
    rollback_criteria:
      - check_id: "outage"
        name: "Outage"
        validator: "PerformanceSLAValidator"
        parameters: { p95_latency_max_ms: 5000, error_rate_max: 0.2 }
        consecutive: 3
        for_hours: 2`,
    );
    config.edit('stages.yaml', 'max_high: 5', 'max_high: 5\n        hold_for_hours: 24');
    config.edit('journey-orchestrator.yaml', '# Feature Flags', 'auto_rollback: { max: 2, window_days: 14 }');
    const changed = loadSettings({ env: {}, configDir: config.dir }).document;
    for (const each of [changed, readDocument(JSON.parse(JSON.stringify(changed)))]) {
      const compiled = compilePlan(each);
      expect(compiled.autoRollback).toEqual({ enabled: true, max: 2, window_ms: 14 * DAY });
      expect(compiled.stages[2]?.rollbackCriteria).toMatchObject([
        {
          checkId: 'outage',
          evidenceKind: 'performance',
          acceptedSources: ['collector', 'operator'],
          hysteresis: { consecutive: 3, hold_ms: 2 * HOUR },
        },
      ]);
      expect(criterionOf('sandbox', 'security_scan', compiled)).toMatchObject({
        hysteresis: { consecutive: 1, hold_ms: 24 * HOUR },
      });
      expect(criterionOf('sandbox', 'search_quality', compiled)).toMatchObject({ hysteresis: null });
    }
  });

  test('S80: a goal in the shape of an exit criterion is the same goal as in the guide’s shape', () => {
    using config = seededConfig();
    config.edit(
      'stages.yaml',
      '- metric: "search_satisfaction"\n        target: 4.5',
      '- check_id: "search_satisfaction"\n        name: "Satisfaction"\n        validator: "SearchSatisfactionMetric"\n        parameters: { target: 4.5, window_days: 30, max_age_hours: 720 }',
    );
    const [, other] = compilePlan(loadSettings({ env: {}, configDir: config.dir }).document).stages[2]?.goals ?? [];
    const [, guide] = stageOf('production')?.goals ?? [];
    const plain = (goal: typeof guide) =>
      JSON.parse(JSON.stringify({ ...goal, name: '', criterion: { ...goal?.criterion, name: '' } }));
    expect(plain(other)).toEqual(plain(guide));
  });

  test('S80: success metrics become goals with their evidence', () => {
    expect(stageOf('production')?.goals.map(({ metric, criterion }) => [metric, criterion.evidenceKind])).toEqual([
      ['user_adoption', 'user_adoption'],
      ['search_satisfaction', 'search_satisfaction'],
      ['query_volume_growth', 'query_volume'],
    ]);
  });

  test('S86: the ancestors of a task are all that come before it, the nearest first', () => {
    expect(taskOf('run_security_scan')?.ancestors).toEqual([
      'provision_test_data',
      'install_connectors',
      'provision_infra',
    ]);
    expect(taskOf('setup_monitoring')?.ancestors).toEqual(['deploy_to_production']);
  });

  test('S53, S97: a task retries by its own policy, else by the global one', () => {
    expect(taskOf('provision_test_data')?.retry).toEqual({
      maxRetries: 2,
      backoff: 'linear',
      initial_ms: 2000,
      max_ms: 60_000,
    });
    expect(taskOf('run_security_scan')?.retry).toMatchObject({ maxRetries: 1, backoff: 'none' });
    expect(taskOf('deploy_to_production')?.retry).toEqual({
      maxRetries: 3,
      backoff: 'exponential',
      initial_ms: 2000,
      max_ms: 60_000,
    });
  });

  test('S95: compensate_intent is kept in the snapshot', () => {
    using config = seededConfig();
    config.edit(
      'unit-of-work-templates.yaml',
      'depends_on: []',
      'depends_on: []\n        compensate_intent: remove_sandbox',
    );
    const other = compilePlan(loadSettings({ env: {}, configDir: config.dir }).document);
    const snapshot: unknown = JSON.parse(stageOf('sandbox', other)?.templates[0]?.snapshot ?? '');
    expect(snapshot).toMatchObject([{ task_id: 'provision_infra', compensate_intent: 'remove_sandbox' }, {}, {}, {}]);
  });

  test('tasks come in an order that respects depends_on, however the file lists them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (edges, seed) => {
          // Only edges to lower numbers, so that the graph has no circle; then listed in any order.
          const nodes = edges.map((to, id) => ({
            id: `t${id}`,
            dependsOn: to.filter((each) => each < id).map((each) => `t${each}`),
          }));
          const shuffled = nodes
            .map((node) => ({ node, key: seed.next().value ?? 0 }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ node }) => node);
          const { order, cycle } = taskOrder(shuffled);
          expect(cycle).toEqual([]);
          expect(order.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
          for (const { id } of nodes)
            for (const before of ancestorsOf(id, nodes)) expect(order.indexOf(before)).toBeLessThan(order.indexOf(id));
        },
      ),
    );
  });
});

test('tasks of intents that are mapped to no kind are no evidence', () => {
  expect(taskOf('provision_infra')?.evidence).toBeNull();
  expect(taskOf('run_security_scan')?.evidence?.kind).toBe('security_scan');
});
