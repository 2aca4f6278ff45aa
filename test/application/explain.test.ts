import { describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import type { Json, JsonObject } from '#core/json.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { dana, goodSearch, olga } from '#test/support/engine/fixtures.ts';
import { startInput, type Output } from '#test/support/engine/orchestrator.ts';

const run = drivenEngine();
const FIRST = 'provision_sandbox_environment';

/** What people know that no answer of why can hold. */
const evidence: Readonly<Record<string, readonly Json[]>> = {
  search_quality: [goodSearch],
  bug: [{ all_clear: true }],
  performance: [{ p95_ms: 300, error_rate: 0.001, requests: 100_000, window_minutes: 1_440 }],
  survey_response: Array.from({ length: 10 }, () => ({ score: 5 })),
};
const inputs: JsonObject = { pilot_cohort_size: 20, users: ['ann', 'ben'] };

function filledIn(useCase: string, input: Output): JsonObject {
  switch (useCase) {
    case 'journey.provide_input':
      return { ...input, inputs: Object.fromEntries(Object.keys(input.inputs).map((name) => [name, inputs[name]!])) };
    case 'evidence.record': {
      const { kind } = input.observations[0];
      const values = evidence[kind] ?? [];
      return {
        ...input,
        observations: values.map((value, index) =>
          values.length > 1 ? { kind, subject: `of-${index}`, value } : { kind, value },
        ),
      };
    }
    case 'approval.decide':
      return { ...input, decision: 'approve' };
    default:
      return 'reason' in input ? { ...input, reason: 'As why says.' } : input;
  }
}

const why = (): Promise<Output> => run.engine.call('journey.explain', { client_id: 'acme' });

/** Does what the first blocker names, as somebody would who knows nothing else; what names nothing takes time. */
async function follow({ kind, next, owner }: Output): Promise<void> {
  const others = owner === 'approver' || kind === 'override_pending' ? dana : olga;
  if (next.use_case !== null && next.use_case !== 'agents.check')
    await run.engine.call(next.use_case, filledIn(next.use_case, next.input), others);
}

/** Follows why until the journey looks so; answers the kinds of blockers in the order in which they came first. */
async function followUntil(looksSo: (journey: Output) => boolean): Promise<readonly string[]> {
  const met: string[] = [];
  for (let step = 0; step < 200; step += 1) {
    // oxlint-disable no-await-in-loop -- one step after the other.
    if (looksSo(await run.engine.show('acme'))) return met;
    const [first] = (await why()).blockers;
    if (first && met.at(-1) !== first.kind) met.push(first.kind);
    if (first) await follow(first);
    const again = first?.kind.startsWith('criterion') && (await why()).blockers[0]?.subject === first.subject;
    run.ahead_ms += again ? DAY : 0;
    await run.clock.advance(1_000);
    // oxlint-enable no-await-in-loop
  }
  throw new Error(`Following why leads nowhere: ${(await why()).sentence} (${met.join(', ')})`);
}

describe('S145: whoever does nothing but what why names', () => {
  test('brings a client from sandbox to production', async () => {
    await run.begin();
    let failures = 4;
    run.agents.does(FIRST, () =>
      (failures -= 1) >= 0
        ? Promise.reject(new Error('The disk is full'))
        : Promise.resolve({ environment_id: 'env-1', status: 'ready' }),
    );
    await run.engine.call('journey.start', { ...startInput('acme'), inputs: { pilot_cohort_size: 20 } });
    await run.change('pause', 'acme');
    const met = await followUntil(({ stage }) => stage === 'production');
    expect(met[0]).toBe('paused');
    expect(met).toEqual(
      expect.arrayContaining(['task_failed', 'criterion_unknown', 'approval_pending', 'waiting_for_input']),
    );
    expect(await why()).toMatchObject({ blockers: [], sentence: expect.stringContaining('nothing holds it up') });
  }, 120_000);

  test('lets a second person confirm an override', async () => {
    await run.begin();
    await run.engine.call('journey.start', startInput('acme'));
    await run.later('acme', ({ units }) => units[0].status === 'completed');
    await run.engine.call('journey.promote', { client_id: 'acme', reason: 'No survey before May', override: true });
    expect((await why()).blockers[0]).toMatchObject({ kind: 'override_pending', owner: 'us' });
    await followUntil(({ stage }) => stage === 'pilot');
  });
});

describe('S145: why', () => {
  test('says since when, with the figures, and the command line that takes the blocker away', async () => {
    await run.begin();
    await run.engine.call('journey.start', startInput('acme'));
    await run.later('acme', ({ units }) => units[0].status === 'completed');
    await run.record('acme', 'search_quality', { ...goodSearch, precision: 0.7 });
    run.ahead_ms += 3 * HOUR;
    const said = await why();
    expect(said.blockers[0]).toMatchObject({
      kind: 'criterion_failed',
      subject: 'search_quality',
      owner: 'us',
      measured: 0.7,
      target: 0.8,
      next: {
        use_case: 'evidence.record',
        command: 'journey-cli evidence add --client-id=acme --kind=search_quality --value=…',
      },
    });
    expect(said.blockers[0].age_seconds).toBeGreaterThanOrEqual(3 * 3_600);
    expect((await run.engine.show('acme')).waiting_for).toBe(said.sentence);
  });

  test('tells a client that is not known from one that is', async () => {
    await run.begin();
    await run.start('acme');
    const refused = await run.engine.refused('journey.explain', { client_id: 'acmee' });
    expect(refused).toMatchObject({ code: 'journey.unknown' });
    expect(refused.hint).toContain('acme');
  });
});
