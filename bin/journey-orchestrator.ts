#!/usr/bin/env node
import { onThisNode } from './on-this-node.ts';

const [word, ...more] = process.argv.slice(2);
if (word === undefined) await onThisNode(() => import('../src/main.ts'));
else if (word === 'init' && more.length === 0) await onThisNode(() => import('./init.ts'));
else {
  process.stderr.write(
    `error: journey-orchestrator starts the server, and takes no ${word === 'init' ? more.join(' ') : word}.\n` +
      'hint: `journey-orchestrator init` copies the configuration to begin with into ./config; journey-cli does everything else.\n',
  );
  process.exitCode = 2;
}
