import { secret, variable, type Variable } from './variable.ts';

/** Where bugs are read, and what opens the door. What is asked there stands in collectors.yaml. */
export const trackerVariables: readonly Variable[] = [
  variable(
    'GITHUB_TOKEN',
    'text',
    'collectors.tracker.github.token',
    'Reads the issues of the repositories that collectors.yaml names; without either nobody reads them.',
    secret,
  ),
  variable('GITHUB_API_URL', 'url', 'collectors.tracker.github.url', 'The API of GitHub, or of one of your own.', {
    default: 'https://api.github.com',
  }),
  variable(
    'JIRA_URL',
    'url',
    'collectors.tracker.jira.url',
    'The Jira whose projects collectors.yaml names, as https://acme.atlassian.net.',
  ),
  variable(
    'JIRA_EMAIL',
    'text',
    'collectors.tracker.jira.email',
    'Whose token it is at Jira Cloud; unset: Jira Data Center.',
  ),
  variable('JIRA_API_TOKEN', 'text', 'collectors.tracker.jira.token', 'Reads its issues.', secret),
  variable(
    'LINEAR_API_KEY',
    'text',
    'collectors.tracker.linear.token',
    'Reads the issues of the teams that collectors.yaml names.',
    secret,
  ),
  variable('LINEAR_API_URL', 'url', 'collectors.tracker.linear.url', 'The API of Linear.', {
    default: 'https://api.linear.app',
  }),
];
