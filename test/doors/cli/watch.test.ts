import { describe, expect, test } from 'vitest';
import { journey } from './answers.ts';
import { runCli } from './run-cli.ts';
import { ok, problem, serverDouble, type Reply } from './server-double.ts';

const watch = ['watch', '--client-id=client-123'];
const inSandbox = { ...journey, waiting_for: 'Its work.' };
const moved = { ...inSandbox, version: journey.version + 1, waiting_for: 'A demo.' };
const inPilot = { ...inSandbox, version: journey.version + 2, stage: 'pilot', waiting_for: 'Nothing.' };

/** Answers one after the other, and the last one for good. */
const inTurn =
  (...replies: readonly Reply[]) =>
  (_seen: unknown, index: number): Reply =>
    replies[Math.min(index, replies.length - 1)] ?? ok({});

describe('watch', () => {
  test('says a line for each change, and ends when the journey is in the stage', async () => {
    await using server = await serverDouble(inTurn(ok(inSandbox), ok(inSandbox), ok(moved), ok(inPilot)));
    const { code, out, err } = await runCli(server.url, [...watch, '--until=pilot']);
    const said = (out + err).split('\n').filter((line) => /^\d+ {2}/.test(line));
    expect(code).toBe(0);
    expect(said).toEqual([
      `${inSandbox.version}  Its work.`,
      `${moved.version}  A demo.`,
      `${inPilot.version}  Nothing.`,
    ]);
    expect(server.seen.length).toBe(4);
  });

  test('ends by itself when the journey is completed, and looks as often as it is told to', async () => {
    const waits: number[] = [];
    await using server = await serverDouble(inTurn(ok(inSandbox), ok({ ...moved, status: 'completed' })));
    const pause = (wait_ms: number): Promise<void> => Promise.resolve(void waits.push(wait_ms));
    expect(await runCli(server.url, [...watch, '--interval=0.5'], { pause })).toMatchObject({ code: 0 });
    expect(waits).toEqual([500]);
  });

  test('waits for a server that restarts, and not for one that never answered', async () => {
    await using server = await serverDouble(
      inTurn(ok(inSandbox), { broken: true }, { broken: true }, { broken: true }, ok(inPilot)),
    );
    const { code, out, err } = await runCli(server.url, [...watch, '--until=pilot']);
    expect(code).toBe(0);
    expect(out + err).toContain('It is asked again.');
    await using gone = await serverDouble(() => ({ broken: true }));
    expect((await runCli(gone.url, watch)).code).not.toBe(0);
  });

  test('ends with the refusal for a client that is not known', async () => {
    await using server = await serverDouble(() =>
      problem(404, 'journey.unknown', 'No journey of client-123 is known.'),
    );
    const { code, err } = await runCli(server.url, watch);
    expect(code).not.toBe(0);
    expect(err).toContain('No journey of client-123 is known.');
  });

  test('draws bars anew in its place on a terminal', async () => {
    await using server = await serverDouble(inTurn(ok(inSandbox), ok(inPilot)));
    const { out, err } = await runCli(server.url, [...watch, '--until=pilot'], { columns: 80 });
    expect(out + err).toContain('\u001b[');
    expect(out + err).toMatch(/Work.*of \d+ tasks/);
  });
});
