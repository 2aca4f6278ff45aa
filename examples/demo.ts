// Two client journeys in two minutes: npm run demo, or npm run demo -- --once where nobody is there to answer.
import { runDemo } from './demo/run.ts';
import { readOptions } from './demo/options.ts';

const options = readOptions(process.argv.slice(2));
process.exitCode = typeof options === 'number' ? options : await runDemo(options);
