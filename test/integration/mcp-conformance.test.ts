import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmationCodec } from '#mcp/tools/confirm.ts';
import { conformanceFixtures } from '#test/support/mcp/conformance-fixtures.ts';
import { roundRobin, type RoundRobin } from '#test/support/mcp/round-robin.ts';
import { openStack, type Stack } from '#test/support/mcp/stack.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const suite = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');

let at: FreshDatabase;
let stack: Stack;
let withToken: RoundRobin;

beforeAll(async () => {
  at = await freshEmbedded();
  let key = '';
  // The fixtures sign what they ask as the product does: their key is the product's, known once it is up.
  const fixtures = conformanceFixtures({
    mint: (shown, context) => confirmationCodec(key).mint(shown, context),
    verify: (state, context) => confirmationCodec(key).verify(state, context),
  });
  stack = await openStack({ database: at.database, more: [fixtures] });
  key = await stack.engine.orchestrator.sharedSecret('mcp_confirmations');
  // The suite shows no token, and nobody gets in without one.
  withToken = await roundRobin([stack.url], { authorization: `Bearer ${await stack.token()}` });
});
afterAll(async () => {
  await withToken[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
  await at.drop();
});

test.each(['2025-11-25', '2026-07-28'])(
  'the official conformance suite finds nothing wrong with what %s requires',
  { timeout: 300_000 },
  async (revision) => {
    const { code, out } = await run(`${withToken.url}/mcp`, revision);
    // What it prints says what is wrong where something is.
    expect({ code, out: code === 0 ? '' : out }).toEqual({ code: 0, out: '' });
    expect(out).toMatch(/Total: \d{2,} passed/);
  },
);

function run(url: string, revision: string): Promise<{ readonly code: number; readonly out: string }> {
  const args = [suite, 'server', '--url', url, '--requirements', revision];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 50_000_000 }, (error, stdout, stderr) => {
      const out = `${stdout}\n${stderr}`;
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out.slice(-12_000) });
    });
  });
}
