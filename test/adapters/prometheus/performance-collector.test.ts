import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Wanted } from '#application/collecting/collector.ts';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { performanceCollector } from '#adapters/prometheus/performance-collector.ts';
import { prometheusQuery } from '#adapters/prometheus/prometheus-client.ts';
import { prometheusProbe } from '#adapters/prometheus/prometheus-probe.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { realConfig } from '#test/settings/seeded-config.ts';
import { httpDouble, json, type HttpDouble } from '#test/support/collecting/http-double.ts';
import { wantedOf } from '#test/support/collecting/wanted.ts';

const vector = (...values: readonly string[]) => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1_769_000_000, value] })) },
});
const never = new AbortController().signal;
const wanted = wantedOf('performance', { window_minutes: 60, min_requests: 100 });

describe('performance as Prometheus has it', () => {
  let double: HttpDouble;
  /** What each query answers, by a word that only it contains. */
  let answers: { increase: object; status: object; quantile: object };
  let status: number;

  beforeAll(async () => {
    double = await httpDouble(({ body }, response) => {
      const query = new URLSearchParams(body).get('query') ?? '';
      if (status !== 200) return json(response, status, { status: 'error', errorType: 'x', error: 'no such luck' });
      if (query.includes('quantile')) return json(response, 200, answers.quantile);
      json(response, 200, query.includes('or vector(0)') ? answers.status : answers.increase);
    });
  });
  beforeEach(() => {
    status = 200;
    answers = { increase: vector('1234.7'), status: vector('0.005'), quantile: vector('321.5') };
  });
  afterAll(() => double[Symbol.asyncDispose]());

  function collector(env: Record<string, string> = {}, url = double.url) {
    const settings = loadSettings({ env: { PROMETHEUS_URL: url, ...env }, configDir: realConfig }).collectors
      .prometheus;
    if (!settings) throw new Error('Prometheus is not set.');
    const query = prometheusQuery(settings, boundedFetch(1_000_000));
    return { ...performanceCollector({ ...settings, query }), probe: prometheusProbe(query) };
  }
  const collect = async (one: Wanted = wanted) => (await collector().collect([one], never))[0];
  const queries = () => double.asked.slice(-3).map(({ body }) => new URLSearchParams(body).get('query') ?? '');

  test('is requests, errors and latency over the window that the criterion asks for', async () => {
    expect(await collect()).toEqual({
      clientId: 'acme',
      kind: 'performance',
      observations: [{ value: { requests: 1_234, error_rate: 0.005, p95_ms: 321.5, window_minutes: 60 } }],
    });
    expect(queries().every((query) => query.includes('client_id="acme"') && query.includes('[60m]'))).toBe(true);
    expect(double.asked.at(-1)).toMatchObject({ method: 'POST', path: '/api/v1/query' });
  });

  test('does not look back beyond the stage entry, and says over how long it looked', async () => {
    const found = await collect({ ...wanted, stageStartedAt: wanted.now - 12 * MINUTE - 30 * SECOND });
    expect(found?.observations[0]?.value).toMatchObject({ window_minutes: 12 });
    expect(queries()[0]).toContain('[12m]');
  });

  test('takes a client id for a label value, whatever stands in it', async () => {
    await collect({ ...wanted, clientId: String.raw`a"} or up{x="\ $& {window}` });
    expect(queries()[0]).toContain(String.raw`client_id="a\"} or up{x=\"\\ $& 60m"`);
  });

  test.each([
    ['nothing', vector(), 'of the query for requests, it returns nothing'],
    ['NaN', vector('NaN'), 'of the query for requests, it comes to NaN'],
    ['several series', vector('1', '2'), 'of the query for requests, it returns 2 series; sum them to one'],
    [
      'a matrix',
      { status: 'success', data: { resultType: 'matrix', result: [] } },
      'of the query for requests, it comes to a matrix and not to one figure',
    ],
    ['no traffic', vector('0'), 'there were no requests in 60 minutes'],
  ])('is unknown with its reason where requests come to %s', async (_, answer, problem) => {
    answers.increase = answer;
    expect(await collect()).toEqual({ clientId: 'acme', kind: 'performance', observations: [], problem });
  });

  test('is unknown where the latency is NaN or the error rate infinite, however many requests there were', async () => {
    answers.quantile = vector('NaN');
    expect(await collect()).toMatchObject({ observations: [], problem: 'of the query for p95_ms, it comes to NaN' });
    answers.status = vector('+Inf');
    expect(await collect()).toMatchObject({ problem: 'of the query for error_rate, it comes to +Inf' });
  });

  test.each([
    [400, 'Prometheus says 400: no such luck'],
    [503, 'Prometheus says 503: no such luck'],
  ])('fails with what is said where the answer is HTTP %i', async (said, message) => {
    status = said;
    await expect(collect()).rejects.toThrow(message);
  });

  test('fails where nobody listens, where a redirect would lead away, and where the answer has no end', async () => {
    const gone = await httpDouble(() => undefined);
    await gone[Symbol.asyncDispose]();
    await expect(collector({}, gone.url).collect([wanted], never)).rejects.toThrow(
      'Prometheus cannot be reached (ECONNREFUSED)',
    );
    await using away = await httpDouble(
      (_asked, response) => void response.writeHead(302, { location: double.url }).end(),
    );
    await expect(collector({}, away.url).collect([wanted], never)).rejects.toThrow('Prometheus says 302');
    await using endless = await httpDouble((_asked, response) => {
      const more = (): boolean => response.writable && response.write('x'.repeat(65_536), () => setImmediate(more));
      more();
    });
    await expect(collector({}, endless.url).collect([wanted], never)).rejects.toThrow('more than 1000000 bytes');
  });

  test('shows its token, where there is one', async () => {
    await collector({ PROMETHEUS_TOKEN: 'let-me-in' }).collect([wanted], never);
    expect(double.asked.at(-1)?.headers.authorization).toBe('Bearer let-me-in');
  });

  test('the probe says how many targets are up, and what to do where nothing answers', async () => {
    expect(await collector().probe.look(never)).toMatchObject([{ state: 'ok' }]);
    status = 401;
    expect(await collector().probe.look(never)).toEqual([
      expect.objectContaining({
        state: 'failed',
        said: 'Prometheus says 401: no such luck.',
        hint: expect.stringContaining('PROMETHEUS_TOKEN'),
      }),
    ]);
  });
});
