/** Starts a server, prints its URL and data directory, and waits to be killed. */
import { startTestServer } from './test-server.ts';

const { url, dataDirectory } = await startTestServer({ durability: 'none' });
process.stdout.write(`${url} ${dataDirectory}\n`);
process.stdin.resume();
