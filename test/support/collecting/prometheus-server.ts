import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real Prometheus that scrapes these addresses every second. */
export async function prometheusServer(
  program: string,
  targets: readonly string[],
): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'journey-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML.
  const job = { job_name: 'toy', scrape_interval: '1s', static_configs: [{ targets }] };
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const server = spawn(program, args, { stdio: 'ignore' });
  return {
    url: `http://${address}`,
    [Symbol.asyncDispose]: async () => {
      if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
