import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '#application/catalogue.ts';
import { defineUseCase } from '#application/use-case.ts';
import { toolsOf } from '#mcp/tools/tool.ts';
import { toolWords } from '#mcp/tools/words.ts';

const tools = toolsOf(catalogue);
const listed = tools.map((tool) => tool.listed);

/** Counted with the tokenizer of a large model this JSON has 4.2 characters a token. Fewer are assumed, to be safe. */
const CHARACTERS_A_TOKEN = 3.9;

describe('the catalogue over MCP', () => {
  it('the tools are public, and change on purpose only', async () => {
    await expect(`${JSON.stringify(listed, null, 1)}\n`).toMatchFileSnapshot('./snapshots/tools.txt');
  });

  it('their descriptions are static: what a model is told cannot be changed by data', async () => {
    const hash = createHash('sha256').update(JSON.stringify(toolsOf(catalogue).map((tool) => tool.listed)));
    await expect(`${hash.digest('hex')}\n`).toMatchFileSnapshot('./snapshots/tools.sha256');
  });

  it('at most 20 of them take at most 6,000 tokens', () => {
    expect(listed.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(listed).length / CHARACTERS_A_TOKEN).toBeLessThan(6_000);
  });

  it('every use-case is a tool, or says why not', () => {
    const silent = catalogue.filter(
      ({ surface }) => (surface.mcp === undefined) === (surface.without?.mcp === undefined),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect(tools.map(({ name }) => name).filter((name) => !/^[a-z]+(_[a-z]+)+$/.test(name))).toEqual([]);
  });

  it('what is said to people about verbs is said to models about tools', () => {
    const say = toolWords(tools);
    expect(say('Task a failed (x); retry-tasks --work-id=uow-a:1:b starts it again.')).toBe(
      'Task a failed (x); retry_tasks with work_id uow-a:1:b starts it again.',
    );
    expect(say('It waits for users; provide-input gives it. journey-cli check-agents asks.')).toBe(
      'It waits for users; provide_input gives it. find_agents asks.',
    );
    expect(say('list shows all; start begins one.')).toBe('list shows all; start begins one.');
  });

  it('no two use-cases have the same tool', () => {
    expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
  });

  it('none approves, rejects or gives out rights', () => {
    expect(tools.filter(({ useCase }) => /^(approval\.decide|token\.)/.test(useCase.name))).toEqual([]);
  });

  it.each(tools.map((tool) => [tool.name, tool] as const))(
    '%s says what it does to the world',
    (_name, { useCase, listed: tool }) => {
      expect(tool.annotations).toMatchObject({
        readOnlyHint: useCase.effect === 'read',
        destructiveHint: useCase.effect === 'destructive',
      });
      const keyed = Object.hasOwn(tool.inputSchema.properties ?? {}, 'idempotency_key');
      // Working on a task repeats safely by itself: the attempt is the key.
      expect(keyed).toBe(useCase.effect !== 'read' && !useCase.name.startsWith('task.'));
      expect(tool.outputSchema).toMatchObject({ type: 'object' });
    },
  );

  it('a use-case whose field would hide an argument of the door is found at the start', () => {
    const wrong = defineUseCase({
      name: 'thing.show',
      summary: 'Show a thing.',
      effect: 'read',
      allow: ['viewer'],
      surface: { mcp: { tool: 'show_thing' } },
      input: z.strictObject({ detail: z.string() }),
      output: z.object({}),
      run: async () => ({}),
    });
    expect(() => toolsOf([wrong])).toThrow(/thing\.show.*detail/);
  });
});
