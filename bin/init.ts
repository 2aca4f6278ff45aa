import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(new URL('../../config', import.meta.url));
const to = './config';

// What somebody has changed is never written over.
if (existsSync(to)) {
  process.stderr.write(`error: There is a ${to} already; nothing was copied.\nhint: The product's own is ${from}.\n`);
  process.exitCode = 1;
} else {
  cpSync(from, to, { recursive: true });
  process.stdout.write(
    `The configuration to begin with is in ${to}. Name your agents in ${to}/agents.yaml, then start journey-orchestrator.\n`,
  );
}
