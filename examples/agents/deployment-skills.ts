// What it takes to bring a pilot up. The work is pretended.
import { derivedId, derivedNumber, slug } from './derived.ts';
import { all, type Input, namesIn, needsList, needsText, type Skill, textOf } from './skill.ts';

const needsCohort = ({ pilot_cohort_size: size }: Input): string | null =>
  typeof size === 'number' && size > 0 ? null : 'pilot_cohort_size must be a number above 0';

const deploy: Skill = {
  intent: 'deploy_production_environment',
  name: 'Deploy to production',
  description: 'Deploys the pilot environment. Input: client_id, pilot_cohort_size. Output: deployment_id, status.',
  examples: ['{"client_id": "acme", "pilot_cohort_size": 25}'],
  objection: all(needsText('client_id'), needsCohort),
  steps: () => ['building release', 'rolling out replicas', 'warming caches', 'switching traffic'],
  output: (input) => {
    const client = textOf(input, 'client_id');
    return {
      deployment_id: `dep-${slug(client)}-${derivedId(6, client)}`,
      status: 'deployed',
      replicas: derivedNumber(2, 4, client),
    };
  },
};

const configureAccess: Skill = {
  intent: 'configure_user_access',
  name: 'Configure user access',
  description: 'Gives the pilot users access. Input: deployment_id, users. Output: configured_users.',
  examples: ['{"deployment_id": "dep-acme-0c4f1a", "users": ["ada@acme.example"]}'],
  objection: all(needsText('deployment_id'), needsList('users')),
  steps: (input) => [
    'reading the directory',
    `granting access to ${namesIn(input, 'users').length} users`,
    'sending invitations',
  ],
  output: (input) => ({
    configured_users: namesIn(input, 'users').map((user) => ({ user, role: 'pilot', invited: true })),
  }),
};

const monitoring: Skill = {
  intent: 'setup_monitoring',
  name: 'Set up monitoring',
  description: 'Creates a dashboard and alerts. Input: deployment_id. Output: dashboard_url.',
  examples: ['{"deployment_id": "dep-acme-0c4f1a"}'],
  objection: needsText('deployment_id'),
  steps: () => ['registering scrape targets', 'creating dashboard', 'creating alerts'],
  output: (input) => ({
    dashboard_url: `https://monitoring.example.com/d/${slug(textOf(input, 'deployment_id'))}`,
    alerts: ['latency_p95', 'error_rate', 'sync_lag'],
  }),
};

export const deploymentSkills: readonly Skill[] = [deploy, configureAccess, monitoring];
