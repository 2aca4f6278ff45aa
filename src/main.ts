import { JourneyError } from '#core/errors.ts';
import { redactor } from '#core/redact.ts';
import { SECOND } from '#core/time.ts';
import { buildText } from '#application/build.ts';
import { pinoLogger } from '#adapters/logger.ts';
import { sleep, systemClock } from '#adapters/clock.ts';
import { serve } from '#http/serve.ts';
import { environment } from '#settings/environment.ts';
import { findingText } from '#settings/findings.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { compose } from './composition/compose.ts';
import { openDoors } from './composition/doors.ts';
import { productBuild } from './composition/product-build.ts';

/** How long requests that are under way may take to finish once we are told to stop. */
const DRAIN_MS = 10 * SECOND;

/** What went wrong is told on standard error, where there may be no logger yet. */
let redact = redactor([]);

async function main(): Promise<void> {
  const settings = loadSettings({ env: environment() });
  redact = redactor(settings.secrets());
  const logger = pinoLogger(settings.logLevel, settings.secrets());
  for (const found of settings.findings)
    logger[found.level === 'info' ? 'info' : 'warn'](findingText(found), { finding: found.code });

  const build = productBuild();
  const orchestrator = await compose(settings, { logger });
  const opened = await openDoors(orchestrator, settings, {
    logger,
    now: systemClock().machine,
    ...build,
  });
  const server = await serve({ app: opened.app, ...settings.http, logger, sleep }).catch(async (error: unknown) => {
    await opened.close();
    await orchestrator.stop();
    throw error;
  });
  logger.info(`Listening on ${server.url}`, {
    build: buildText(build),
    mode: settings.enabled ? 'enabled' : 'disabled',
    store: settings.store.kind,
    ...(settings.store.kind === 'embedded' ? { data_dir: settings.store.dataDir } : { host: settings.store.host }),
    config: settings.configDir,
  });

  orchestrator.slack?.start();

  const stopped = Promise.withResolvers<void>();
  const stop = (signal: NodeJS.Signals): void => {
    logger.info(`${signal}: taking nothing new and finishing what is under way.`);
    stopped.resolve();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await stopped.promise;
  await opened.close();
  await server.close(DRAIN_MS);
  await orchestrator.stop();
  logger.info('Stopped.');
}

main().catch((error: unknown) => {
  // What an operator can mend is told in words; only bugs show where they happened.
  const told =
    error instanceof JourneyError
      ? `${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`
      : (error as Error).stack;
  process.stderr.write(redact(`journey-orchestrator did not start: ${told}\n`));
  process.exitCode = 1;
});
