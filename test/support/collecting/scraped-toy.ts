import { httpDouble, type HttpDouble } from './http-double.ts';

/** A client of the service: how many requests it makes between two scrapes, how many of them fail, and how slow they are. */
export type ToyTraffic = { readonly requests: number; readonly failing: number; readonly slowest_s: number };

const BUCKETS_S = [0.1, 0.25, 0.5, 1, 2.5];
const escaped = (text: string): string => text.replaceAll(/[\\"]/g, String.raw`\$&`);

/** A service that a Prometheus scrapes: with every scrape its counters move on by what its clients do meanwhile. */
export function toyService(traffic: ReadonlyMap<string, ToyTraffic>): Promise<HttpDouble> {
  let scrapes = 0;
  return httpDouble((_asked, response) => {
    scrapes += 1;
    const lines = [...traffic].flatMap(([client, { requests, failing, slowest_s }]) => {
      const label = `client_id="${escaped(client)}"`;
      const total = requests * scrapes;
      return [
        `http_requests_total{${label},status="200"} ${total - failing * scrapes}`,
        ...(failing > 0 ? [`http_requests_total{${label},status="503"} ${failing * scrapes}`] : []),
        ...BUCKETS_S.map(
          (le) => `http_request_duration_seconds_bucket{${label},le="${le}"} ${le >= slowest_s ? total : 0}`,
        ),
        `http_request_duration_seconds_bucket{${label},le="+Inf"} ${total}`,
      ];
    });
    const types = ['# TYPE http_requests_total counter', '# TYPE http_request_duration_seconds histogram'];
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      .end(`${[...types, ...lines].join('\n')}\n`);
  });
}
