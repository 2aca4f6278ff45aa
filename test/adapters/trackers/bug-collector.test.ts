import { describe, expect, test } from 'vitest';
import type { Collected, Wanted } from '#application/collecting/collector.ts';
import { bugCollector } from '#adapters/trackers/bug-collector.ts';
import type { FoundBug, Tracker } from '#adapters/trackers/tracker.ts';
import { readEvidence } from '#validators/evidence-kinds.ts';
import { wantedOf } from '#test/support/collecting/wanted.ts';

const NOW = Date.UTC(2026, 0, 31);
const bug = (id: string, more: Partial<FoundBug> = {}): FoundBug => ({
  id,
  names: ['Client:ACME', 'bug'],
  severity: 'high',
  openedAt: NOW - 1_000,
  closedAt: null,
  ...more,
});
const wanted = (more: Partial<Wanted> = {}): Wanted => wantedOf('bug', {}, { now: NOW, ...more });

/** A collector on a tracker that holds these bugs and knows these names. */
function collectorOn(bugs: readonly FoundBug[], { known = ['client:acme'], complete = true } = {}) {
  const looked: string[][] = [];
  const tracker: Tracker = {
    name: 'github',
    title: 'GitHub',
    bugs: async () => ({ bugs, complete }),
    known: async (names) => {
      looked.push([...names]);
      return names.filter((name) => known.includes(name));
    },
  };
  const collector = bugCollector({
    tracker,
    clientName: 'client:{client_id}',
    refresh_ms: 1_000,
    timeout_ms: 1_000,
    concurrency: 1,
    callsPerMinute: 10,
  });
  const collect = async (...all: readonly Wanted[]): Promise<readonly Collected[]> => {
    const answer = await collector.collect(all, new AbortController().signal);
    // Whatever is brought must be evidence of its kind.
    for (const { subject, value } of answer.flatMap(({ observations }) => observations))
      expect(readEvidence('bug', value, subject)).toMatchObject({ ok: true });
    return answer;
  };
  return { collect, looked };
}
const remembered = async (bugs: readonly FoundBug[]): Promise<Wanted['known']> => {
  const [first] = await collectorOn(bugs).collect(wanted());
  return first?.observations.map(({ subject = '-', value }) => ({ subject, value })) ?? [];
};

describe('what a tracker brings', () => {
  test('S78: no bugs are an all-clear, since silence would be unknown', async () => {
    const [answer] = await collectorOn([]).collect(wanted());
    expect(answer).toEqual({ clientId: 'acme', kind: 'bug', observations: [{ value: { all_clear: true } }] });
  });

  test('S78: no bugs of a client that nobody knows there are unknown, and no all-clear', async () => {
    const [answer] = await collectorOn([], { known: [] }).collect(wanted());
    expect(answer).toMatchObject({
      observations: [],
      problem: 'GitHub knows nothing called client:acme, so that no bugs there say nothing',
    });
  });

  test('whether a client is known is asked once, and only where it has no bugs', async () => {
    const { collect, looked } = collectorOn([bug('1')], { known: ['client:globex'] });
    const globex = wanted({ clientId: 'globex' });
    await collect(wanted(), globex);
    await collect(wanted(), globex);
    expect(looked).toEqual([['client:globex']]);
  });

  test('each client of a call gets its own bugs, however their names are capitalised', async () => {
    const bugs = [
      bug('1'),
      bug('2', { names: ['client:globex'] }),
      bug('3', { names: ['client:globex', 'client:acme'] }),
    ];
    const answers = await collectorOn(bugs).collect(wanted(), wanted({ clientId: 'globex' }));
    expect(answers.map(({ clientId, observations }) => [clientId, observations.map(({ subject }) => subject)])).toEqual(
      [
        ['acme', ['1', '3']],
        ['globex', ['2', '3']],
      ],
    );
  });

  test('a bug that was closed says when, and never before it was opened', async () => {
    const [answer] = await collectorOn([bug('1', { closedAt: NOW - 2_000 })]).collect(wanted());
    expect(answer?.observations).toEqual([
      {
        subject: '1',
        value: { severity: 'high', opened_at: '2026-01-30T23:59:59.000Z', closed_at: '2026-01-30T23:59:59.000Z' },
      },
    ]);
  });

  test('what has not changed is not brought again, but for one, so that it is seen that somebody has looked', async () => {
    const bugs = [bug('1'), bug('2'), bug('3')];
    const known = await remembered(bugs);
    const [same] = await collectorOn(bugs).collect(wanted({ known }));
    expect(same?.observations.map(({ subject }) => subject)).toEqual(['1']);
    const [changed] = await collectorOn([...bugs.slice(0, 2), bug('3', { severity: 'critical' })]).collect(
      wanted({ known }),
    );
    expect(changed?.observations).toMatchObject([{ subject: '3', value: { severity: 'critical' } }]);
  });

  test('a bug that is there no longer counts as closed when that was seen, once', async () => {
    const known = await remembered([bug('1'), bug('2', { closedAt: NOW })]);
    const [answer] = await collectorOn([]).collect(wanted({ known }));
    expect(answer?.observations).toMatchObject([{ subject: '1', value: { closed_at: '2026-01-31T00:00:00.000Z' } }]);
    const closed = [...known.slice(1), ...(answer?.observations ?? [])] as Wanted['known'];
    const [then] = await collectorOn([]).collect(wanted({ known: closed }));
    expect(then?.observations).toEqual([{ value: { all_clear: true } }]);
  });

  test('where there are more bugs than were read, those that were count, and nothing is clear', async () => {
    const [some, none] = await collectorOn([bug('1')], { complete: false, known: ['client:globex'] }).collect(
      wanted(),
      wanted({ clientId: 'globex' }),
    );
    expect(some).toMatchObject({
      observations: [{ subject: '1' }],
      problem: 'GitHub has more bugs than the 1 that were read',
    });
    expect(none).toMatchObject({ observations: [], problem: 'GitHub has more bugs than the 1 that were read' });
  });
});
