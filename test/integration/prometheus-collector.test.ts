import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Collected } from '#application/collecting/collector.ts';
import { collectorProbes, collectorsOf } from '#src/composition/collectors.ts';
import { MINUTE } from '#core/time.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { readEvidence } from '#validators/evidence-kinds.ts';
import { realConfig } from '#test/support/engine/fixtures.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { prometheusServer } from '#test/support/collecting/prometheus-server.ts';
import { toyService } from '#test/support/collecting/scraped-toy.ts';
import { wantedOf } from '#test/support/collecting/wanted.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';

const prometheus = programNamed('prometheus');
const odd = String.raw`odd"\id`;
const traffic = new Map([
  ['acme', { requests: 50, failing: 0, slowest_s: 0.25 }],
  ['globex', { requests: 40, failing: 4, slowest_s: 2.5 }],
  ['idle', { requests: 0, failing: 0, slowest_s: 0.1 }],
  [odd, { requests: 10, failing: 0, slowest_s: 0.1 }],
]);

describeWhere(
  prometheus !== undefined,
  'performance from a real Prometheus that scrapes a toy service',
  'there is no prometheus here; apt-get install prometheus brings it',
  () => {
    const closing: AsyncDisposable[] = [];
    let settings: ReturnType<typeof loadSettings>;
    beforeAll(async () => {
      const service = await toyService(traffic);
      const server = await prometheusServer(prometheus ?? '', [new URL(service.url).host]);
      closing.push(server, service);
      settings = loadSettings({ env: { PROMETHEUS_URL: server.url }, configDir: realConfig });
    });
    afterAll(async () => {
      for (const one of closing) await one[Symbol.asyncDispose]();
    });

    async function collect(clientId: string): Promise<Collected> {
      const wanted = wantedOf('performance', { window_minutes: 1 }, { clientId, now: Date.now() });
      const [collector] = collectorsOf(settings);
      const [found] =
        (await collector?.collect(
          [{ ...wanted, stageStartedAt: Date.now() - 60 * MINUTE }],
          AbortSignal.timeout(20_000),
        )) ?? [];
      if (!found) throw new Error('The collector answered nothing.');
      return found;
    }
    const measured = (clientId: string) =>
      eventually(
        () => collect(clientId).catch((error: unknown) => ({ observations: [], problem: String(error) })),
        ({ observations }) => observations.length > 0,
        60_000,
      );

    test('S79: what it brings is what the service does, with an error rate of nothing where nothing fails', async () => {
      const { observations } = await measured('acme');
      expect(observations).toEqual([
        { value: { requests: expect.any(Number), error_rate: 0, p95_ms: expect.any(Number), window_minutes: 1 } },
      ]);
      const value = observations[0]?.value as { readonly p95_ms: number };
      // Everything is in the bucket from 100 to 250 ms.
      expect(value.p95_ms).toBeGreaterThan(100);
      expect(value.p95_ms).toBeLessThanOrEqual(250);
      expect(readEvidence('performance', value, undefined)).toMatchObject({ ok: true });
    }, 90_000);

    test('S79: of a service that fails now and then it brings the share that fails', async () => {
      const { observations } = await measured('globex');
      const value = observations[0]?.value as { readonly p95_ms: number; readonly error_rate: number };
      expect(value.error_rate).toBeCloseTo(0.1, 5);
      expect(value.p95_ms).toBeGreaterThan(1_000);
    }, 90_000);

    test('S79: without traffic, or without series, it is unknown with its reason', async () => {
      await measured('acme');
      expect(await collect('idle')).toMatchObject({ observations: [], problem: 'there were no requests in 1 minutes' });
      expect(await collect('nobody')).toMatchObject({
        observations: [],
        problem: 'of the query for requests, it returns nothing',
      });
    }, 90_000);

    test('a client id with quotes and backslashes is found under its own label', async () => {
      expect((await measured(odd)).observations).toHaveLength(1);
      expect(await collect('odd"} or up{job="toy')).toMatchObject({ observations: [] });
    }, 90_000);

    test('a template that is no PromQL is told with what Prometheus says', async () => {
      const { prometheus: one } = settings.collectors;
      if (!one) throw new Error('Prometheus is not set.');
      const queries = { ...one.queries, requests: 'sum(increase(x{client_id="{client_id}"}[{window}])' };
      const [collector] = collectorsOf({
        ...settings,
        collectors: { ...settings.collectors, prometheus: { ...one, queries } },
      });
      await expect(collector?.collect([wantedOf('performance')], AbortSignal.timeout(20_000))).rejects.toThrow(
        /^Prometheus says 400: .*parse error/,
      );
    });

    test('the probe counts the targets that are up', async () => {
      await measured('acme');
      const [probe] = collectorProbes(settings);
      expect(await probe?.look(AbortSignal.timeout(20_000))).toEqual([
        { state: 'ok', said: 'It answers queries, and 1 of its targets are up.' },
      ]);
    }, 90_000);
  },
);
