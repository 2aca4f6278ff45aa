import { expect, test } from 'vitest';
import type { AgentSource } from '#application/agent-sources.ts';
import { watchSources } from '#application/watch-sources.ts';

test('S19: a source that cannot be read is told of at the third look in a row, and once until it is back', async () => {
  let state: AgentSource['state'] = 'ok';
  let looks = 0;
  const alerts: string[] = [];
  const look = watchSources(
    {
      discover: () => Promise.resolve(void (looks += 1)),
      sources: () => [
        { kind: 'catalogue', url: 'http://c', state, agents: 2, readAt: null, problem: 'It answered HTTP 502.' },
      ],
    },
    (alert, message) => void alerts.push(`${looks} ${alert}: ${message}`),
  );
  for (const next of ['ok', 'stale', 'stale', 'ok', 'stale', 'unread', 'stale', 'stale', 'ok', 'stale'] as const) {
    state = next;
    await look();
  }
  expect(alerts).toEqual([
    '7 discovery_degraded: http://c cannot be read; what is known of its agents is used: It answered HTTP 502.',
  ]);
});
