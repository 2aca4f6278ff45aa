import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The ConfigMap of the configuration files, made from config/: `node k8s/configmap.ts` writes it, a test compares. Its name
// has no hash, since a changed ConfigMap is to reach the running processes and not to replace them.
const files = [
  'journey-orchestrator.yaml',
  'stages.yaml',
  'unit-of-work-templates.yaml',
  'agents.yaml',
  'collectors.yaml',
  'notifications.yaml',
];
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const configMapFile: string = at('base/journey-orchestrator-config.yaml');

export function configMap(): string {
  const entries = files.map((file) => `  ${file}: |\n${indented(readFileSync(at(`../config/${file}`), 'utf8'))}`);
  return `# Made by \`node k8s/configmap.ts\` from config/: change the files there.
apiVersion: v1
kind: ConfigMap
metadata:
  name: journey-orchestrator-config
  namespace: a-domain
data:
${entries.join('\n')}
`;
}

const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(configMapFile, configMap());
