#!/usr/bin/env node
import { environment } from './environment.ts';
import { main } from './main.ts';

// The exit code is set, not forced: what is still on its way to a pipe would be lost.
process.exitCode = await main(process.argv.slice(2), environment());
