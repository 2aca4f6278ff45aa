import { orchestrator, stages, type Defect } from './defects.ts';

/** Defects of rollback criteria and of goals. */
export const lifecycleDefects: readonly Defect[] = [
  [
    'S62: a rollback criterion that one bad figure would trigger',
    stages,
    'order: 2',
    `order: 2${rollbackCriterion('SearchQualityValidator', '{ min_precision: 0.5, sample_queries: 10 }')}`,
    'stages[1].rollback_criteria[0].consecutive: missing: say consecutive or for_hours',
  ],
  [
    'S62: a rollback criterion that people decide',
    stages,
    'order: 2',
    `order: 2${rollbackCriterion('DemoApprovalValidator', '{}', 'for_hours: 1')}`,
    'rollback_criteria[0].validator is "DemoApprovalValidator": people decide an approval',
  ],
  [
    'S62: a rollback criterion with a parameter that its validator does not know',
    stages,
    'order: 2',
    `order: 2${rollbackCriterion('SearchQualityValidator', '{ max_precision: 0.5, sample_queries: 10 }', 'for_hours: 1')}`,
    'rollback_criteria[0].parameters.max_precision is 0.5: unknown key; did you mean "min_precision"?',
  ],
  [
    'S62: rollback criteria where there is nothing to go back to',
    stages,
    'order: 1',
    `order: 1${rollbackCriterion('SearchQualityValidator', '{ min_precision: 0.5, sample_queries: 10 }', 'consecutive: 3')}`,
    'stages[0].rollback_criteria is sandbox: not for the first stage: there is nothing to go back to',
  ],
  [
    'S62: a limit of no automatic rollback at all',
    orchestrator,
    '# Feature Flags',
    'auto_rollback: { max: 0 }',
    'orchestrator.auto_rollback.max is 0: Too small: expected number to be >=1',
  ],
  [
    'S80: a goal without a target',
    stages,
    'target: 4.5',
    'name: "Satisfaction"',
    'success_metrics[1].target: missing: a goal needs a target',
  ],
  [
    'S80: a goal in both of its shapes',
    stages,
    'target: 4.5',
    'check_id: "satisfaction"',
    'success_metrics[1].metric is "search_satisfaction": say metric or check_id, not both',
  ],
  [
    'S80: a goal in neither of its shapes',
    stages,
    '- metric: "search_satisfaction"\n        target: 4.5',
    '- name: "Satisfaction"',
    'success_metrics[1].metric: missing: say metric and target, or check_id, validator and parameters',
  ],
  [
    'S80: a goal in the shape of a criterion with a validator that is none',
    stages,
    '- metric: "search_satisfaction"\n        target: 4.5',
    '- check_id: "latency"\n        validator: "PerformanceSlaValidator"',
    'success_metrics[1].validator is "PerformanceSlaValidator": no such validator; did you mean "PerformanceSLAValidator"?',
  ],
  [
    'S80: a goal in the shape of a criterion with a key of the other shape',
    stages,
    '- metric: "search_satisfaction"\n        target: 4.5',
    '- check_id: "adoption"\n        validator: "UserAdoptionMetric"\n        target: 0.5',
    'success_metrics[1].target is 0.5: goes with metric; with check_id it is one of the parameters',
  ],
];

function rollbackCriterion(validator: string, parameters: string, more = ''): string {
  const lines = ['check_id: collapse', 'name: Collapse', `validator: ${validator}`, `parameters: ${parameters}`, more];
  return `\n    rollback_criteria:\n      - ${lines.filter((line) => line !== '').join('\n        ')}\n`;
}
