// What it takes to set up a sandbox. The work is pretended.
import { derivedId, derivedNumber, slug } from './derived.ts';
import { all, type Input, namesIn, needsList, needsText, type Skill, textOf } from './skill.ts';

const provisionSandbox: Skill = {
  intent: 'provision_sandbox_environment',
  name: 'Provision a sandbox',
  description:
    'Creates an isolated search environment for a client. Input: client_id, data_sources. Output: environment_id, status.',
  examples: ['{"client_id": "acme", "data_sources": ["salesforce", "jira"]}'],
  objection: all(needsText('client_id'), needsList('data_sources')),
  steps: (input) => [
    'reserving capacity',
    'creating index',
    `opening ${namesIn(input, 'data_sources').length} source channels`,
  ],
  output: (input) => {
    const client = textOf(input, 'client_id');
    return {
      environment_id: `sbx-${slug(client)}-${derivedId(6, client, ...namesIn(input, 'data_sources'))}`,
      status: 'ready',
      region: ['eu-central-1', 'eu-west-1', 'us-east-1'][derivedNumber(0, 2, client)],
    };
  },
};

const installConnectors: Skill = {
  intent: 'install_connectors',
  name: 'Install connectors',
  description:
    'Installs and syncs a connector for each source. Input: environment_id, connectors. Output: installed_connectors.',
  examples: ['{"environment_id": "sbx-acme-0c4f1a", "connectors": ["salesforce", "jira"]}'],
  objection: all(needsText('environment_id'), needsList('connectors')),
  steps: (input) => namesIn(input, 'connectors').flatMap((name) => [`installing ${name} connector`, `syncing ${name}`]),
  output: (input) => ({
    installed_connectors: namesIn(input, 'connectors').map((name) => ({
      name,
      status: 'synced',
      documents: derivedNumber(2_000, 90_000, textOf(input, 'environment_id'), name),
    })),
  }),
};

const provisionTestData: Skill = {
  intent: 'provision_test_dataset',
  name: 'Provision a test data set',
  description:
    'Samples documents and labels queries. Input: environment_id, data_sources. Output: dataset_id, record_count.',
  examples: ['{"environment_id": "sbx-acme-0c4f1a", "data_sources": ["salesforce"]}'],
  objection: all(needsText('environment_id'), needsList('data_sources')),
  steps: (input) => [...namesIn(input, 'data_sources').map((name) => `sampling ${name}`), 'labelling queries'],
  output: (input) => {
    const environment = textOf(input, 'environment_id');
    const counts = namesIn(input, 'data_sources').map((name) => derivedNumber(400, 1_600, environment, name));
    return {
      dataset_id: `ds-${derivedId(8, environment)}`,
      record_count: counts.reduce((sum, count) => sum + count, 0),
    };
  },
};

const securityScan: Skill = {
  intent: 'run_security_scan',
  name: 'Security scan',
  description: 'Scans an environment for vulnerabilities. Input: environment_id. Output: scan_result, vulnerabilities.',
  examples: ['{"environment_id": "sbx-acme-0c4f1a"}'],
  objection: needsText('environment_id'),
  steps: () => ['enumerating endpoints', 'checking permissions', 'scanning images', 'writing the report'],
  output: (input) => {
    const vulnerabilities = findings(input);
    const count = (severity: string) => vulnerabilities.filter((found) => found.severity === severity).length;
    return {
      scan_result: { critical: 0, high: count('high'), medium: count('medium'), low: count('low') },
      vulnerabilities,
    };
  },
};

// At most two high findings and never a critical one: the guide's sandbox gate lets that pass.
function findings(input: Input): readonly { readonly id: string; readonly severity: string; readonly title: string }[] {
  const environment = textOf(input, 'environment_id');
  const titles = { high: 'Container image with a known flaw', medium: 'Token without expiry', low: 'Header missing' };
  return Object.entries(titles).flatMap(([severity, title], index) =>
    Array.from({ length: derivedNumber(0, 2 + index, environment, severity) }, (_, number) => ({
      id: `EX-${derivedId(6, environment, severity, String(number)).toUpperCase()}`,
      severity,
      title,
    })),
  );
}

export const provisioningSkills: readonly Skill[] = [
  provisionSandbox,
  installConnectors,
  provisionTestData,
  securityScan,
];
