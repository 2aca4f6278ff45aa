import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Section 2 of the configuration guide, as it stands there. */
const section = readFileSync(join(import.meta.dirname, 'environment.md'), 'utf8');

/** Its blocks, one after the other, as somebody pastes them. */
export const guideEnvironment = [...section.matchAll(/^```bash\n(.*?)^```$/gms)]
  .map(([, block = '']) => block)
  .join('\n');
