import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { load } from 'js-yaml';
import { alerts } from '#application/alerts.ts';
import { top } from './manifests.ts';

const runbook = readFileSync(join(top, 'docs/runbook.md'), 'utf8');
const sections = new Set(
  [...runbook.matchAll(/^#{2,3} (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-')),
);

test('S137: every alert that the product raises has a section in the runbook', () => {
  expect(alerts.filter((alert) => !sections.has(alert))).toEqual([]);
});

test('S137: every alert rule leads to a section that there is', () => {
  const { groups } = load(readFileSync(join(top, 'grafana/journey-orchestrator-alerts.yaml'), 'utf8')) as {
    readonly groups: readonly {
      readonly rules: readonly { readonly annotations: { readonly runbook_url: string } }[];
    }[];
  };
  const links = groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.runbook_url));
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) {
    const [page, section = ''] = link.split('#');
    expect(page).toBe('docs/runbook.md');
    const named = section.includes('$labels.alert') ? alerts : [section];
    expect(named.filter((one) => !sections.has(one))).toEqual([]);
  }
});

test('S152: nothing in it speaks of a container that there is not', () => {
  const containers = [...runbook.matchAll(/-c ([a-z-]+)/g)].map(([, name]) => name);
  expect(new Set(containers)).toEqual(new Set(['orchestrator']));
});
