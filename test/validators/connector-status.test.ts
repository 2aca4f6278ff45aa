import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JudgeContext } from '#core/plan.ts';
import { connectorStatuses } from '#validators/evidence-kinds.ts';
import { judge, observation } from './judging.ts';

const all = { min_sync_status: 'syncing', required_connectors: 'all' };
const seen = (statuses: { readonly [name: string]: string }) =>
  Object.entries(statuses).map(([subject, status]) => observation({ status }, { subject }));
const judged = (statuses: { readonly [name: string]: string }, changes: Partial<JudgeContext>, parameters = all) =>
  judge('ConnectorStatusValidator', parameters, seen(statuses), changes);

const outcomes = (least: string) =>
  connectorStatuses.map(
    (status) =>
      judged({ jira: status }, { inputs: { data_sources: ['jira'] } }, { ...all, min_sync_status: least }).outcome,
  );

describe('ConnectorStatusValidator', () => {
  test('S72: zero connectors is unknown, not passed', () => {
    for (const changes of [{}, { outputs: { installed_connectors: [] } }, { inputs: { data_sources: [] } }])
      expect(judged({ jira: 'synced' }, changes)).toMatchObject({ outcome: 'unknown', code: 'connectors.none' });
  });

  test('S72: all means the installed connectors, by name or as objects, before the data sources', () => {
    const inputs = { data_sources: ['confluence'] };
    for (const installed_connectors of [['jira'], [{ name: 'jira' }], [{ connector: 'jira', status: 'pending' }]])
      expect(judged({ jira: 'synced' }, { inputs, outputs: { installed_connectors } })).toMatchObject({
        outcome: 'passed',
        measured: { jira: 'synced' },
        target: 'syncing',
      });
  });

  test('S72: without installed connectors all means the data sources', () => {
    expect(judged({ jira: 'syncing' }, { inputs: { data_sources: ['jira'] } })).toMatchObject({ outcome: 'passed' });
  });

  test('S72: a connector that nobody has reported is unknown and named', () => {
    const verdict = judged({ jira: 'synced' }, { inputs: { data_sources: ['jira', 'slack', 'drive'] } });
    expect(verdict).toMatchObject({ outcome: 'unknown', code: 'connectors.missing' });
    expect(verdict.distance).toContain('slack, drive');
  });

  test('S72: a connector under the least status fails, named with its status, even while others are unknown', () => {
    const verdict = judged(
      { jira: 'error', slack: 'pending' },
      { inputs: { data_sources: ['jira', 'slack', 'drive'] } },
    );
    expect(verdict).toMatchObject({ outcome: 'failed', code: 'connectors.below_status' });
    expect(verdict.message).toContain('jira (error), slack (pending)');
  });

  test('S72: a list names exactly the connectors that count', () => {
    const parameters = { min_sync_status: 'synced', required_connectors: ['jira'] };
    const changes = { inputs: { data_sources: ['jira', 'slack'] } };
    expect(judge('ConnectorStatusValidator', parameters, seen({ jira: 'synced' }), changes)).toMatchObject({
      outcome: 'passed',
    });
  });

  test('S72: the statuses are ordered error < paused < pending < syncing < synced', () => {
    expect(outcomes('paused')).toEqual(['failed', 'passed', 'passed', 'passed', 'passed']);
    expect(outcomes('synced')).toEqual(['failed', 'failed', 'failed', 'failed', 'passed']);
  });

  test('it passes only when every required connector is known and high enough', () => {
    const status = fc.option(fc.constantFrom(...connectorStatuses), { nil: undefined });
    fc.assert(
      fc.property(fc.array(status, { maxLength: 5 }), (statuses) => {
        const names = statuses.map((_, index) => `c${index}`);
        const known = Object.fromEntries(statuses.flatMap((each, index) => (each ? [[`c${index}`, each]] : [])));
        const { outcome } = judged(known, { inputs: { data_sources: names } });
        const good = statuses.length > 0 && statuses.every((each) => each === 'syncing' || each === 'synced');
        expect(outcome === 'passed').toBe(good);
      }),
    );
  });
});
