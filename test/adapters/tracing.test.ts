import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { traceIdOf, traceparentIn, type SpanOf } from '#application/tracer.ts';
import { otelTracer } from '#adapters/tracing/otel-tracer.ts';
import { answering, receiver, type Receiver } from '#test/support/outbound/receiver.ts';
import { spansIn } from '#test/support/tracing.ts';

const of = (more: Partial<SpanOf> = {}): SpanOf => ({
  name: 'work',
  kind: 'internal',
  parent: null,
  attributes: { client_id: 'acme' },
  ...more,
});
const flagsOf = (traceparent: string): string => traceparent.slice(-2);

describe('the tracer', { timeout: 60_000 }, () => {
  let collector: Receiver;
  const open = (ratio = 1) =>
    otelTracer({ endpoint: `http://127.0.0.1:${collector.port}`, headers: {}, serviceName: 's', version: '1', ratio });

  beforeEach(async () => {
    collector = await receiver(answering(200, { 'content-type': 'application/json' }, '{}'));
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  test('what the system begins by itself becomes a span under the very ids that were given out, once', async () => {
    const tracer = await open();
    const begun = tracer.begin();
    const root = await tracer.span(of({ parent: `evaluate-${begun}` }), async ({ traceparent }) => traceparent);
    expect(root).toBe(begun);
    const child = await tracer.span(of({ parent: begun }), async ({ traceparent }) => traceparent);
    expect(traceIdOf(child)).toBe(traceIdOf(begun));
    expect(child).not.toBe(begun);
    await tracer.close();
    expect(spansIn(collector.received).map(({ parentSpanId }) => parentSpanId)).toEqual([null, begun.split('-')[2]]);
  });

  test('a share of the traces is collected, and of one trace all or nothing', async () => {
    const tracer = await open(0);
    const begun = tracer.begin();
    const inner = await tracer.span(of({ parent: begun }), ({ traceparent }) =>
      tracer.span(of({ parent: traceparent }), async (span) => span.traceparent),
    );
    expect([flagsOf(begun), flagsOf(inner), traceIdOf(inner)]).toEqual(['00', '00', traceIdOf(begun)]);
    // Whoever calls has decided for their own trace.
    const theirs = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await tracer.span(of({ parent: theirs }), async () => undefined);
    await tracer.close();
    expect(spansIn(collector.received).map(({ traceId }) => traceId)).toEqual([traceIdOf(theirs)]);
  });

  test('what is thrown goes on, and the span says that it failed but not with whose words', async () => {
    const tracer = await open();
    const failing = tracer.span(of(), () => Promise.reject(new TypeError('somebody said this')));
    await expect(failing).rejects.toThrow('somebody said this');
    await tracer.close();
    expect(spansIn(collector.received)).toMatchObject([{ failed: 'TypeError', attributes: { client_id: 'acme' } }]);
    expect(JSON.stringify(collector.received)).not.toContain('somebody said this');
  });

  test.each([
    ['nothing', null],
    ['another version', '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['no ids', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['upper case', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01'],
    ['something else', 'x'.repeat(5_000)],
  ])('from a caller who sends %s a trace begins', async (_what, parent) => {
    const tracer = await open();
    const traceparent = await tracer.span(of({ parent }), async (span) => span.traceparent);
    expect(traceparentIn(traceparent)).toBe(traceparent);
    await tracer.close();
    expect(spansIn(collector.received)).toMatchObject([{ parentSpanId: null }]);
  });
});
