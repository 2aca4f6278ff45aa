import type { Screen } from './screen.ts';
import { plain, styled } from './spans.ts';
import type { Ending } from './story.ts';

/** Where both clients are in the end, and why. */
export function summary(screen: Screen, endings: readonly Ending[]): void {
  screen.say([]);
  for (const { view, rolledBack } of endings) {
    const name = styled('bold', view.client_id.padEnd(11));
    if (rolledBack === null) {
      screen.say([
        name,
        styled(['green', 'bold'], `in ${view.stage}`),
        plain(`, after ${view.completed_stages.join(' and ')}`),
      ]);
      continue;
    }
    screen.say([name, styled(['red', 'bold'], `back in ${view.stage}`), plain(`: ${rolledBack}`)]);
    screen.say([plain(' '.repeat(11)), plain(`It waits for: ${view.waiting_for}`)]);
  }
}

/** What to try next, with an orchestrator that runs on. */
export function farewell(screen: Screen, keptIn: string | null): void {
  const place = keptIn === null ? '' : `JOURNEY_DATA_DIR=${keptIn} `;
  const client = keptIn === null ? 'acme' : 'globex';
  // npx finds the Node that npm ci has installed, whatever the machine's own is.
  const steps: readonly (readonly [string, string])[] = [
    [
      'npx node examples/agents/provisioning-agent.ts & npx node examples/agents/deployment-agent.ts &',
      'the agents, on their usual ports',
    ],
    [`${place}npm start`, 'the orchestrator, on http://127.0.0.1:8080, in real time'],
    ...(keptIn === null
      ? [
          [
            'npm run journey-cli -- start --client-id=acme --data-sources=salesforce,jira',
            'a journey of your own',
          ] as const,
        ]
      : []),
    [`${place}npm run journey-cli -- status --client-id=${client}`, 'where it stands, and what it waits for'],
    [`${place}npm run journey-cli -- history --client-id=${client}`, 'what happened, when, by whom'],
  ];
  screen.say([]);
  screen.say([styled('bold', 'Try next:')]);
  for (const [command, what] of steps) {
    screen.say([styled('dim', `  # ${what}`)]);
    screen.say([plain(`  ${command}`)]);
  }
}
