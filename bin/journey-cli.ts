#!/usr/bin/env node
import { onThisNode } from './on-this-node.ts';

await onThisNode(() => import('../src/cli/journey-cli.ts'));
