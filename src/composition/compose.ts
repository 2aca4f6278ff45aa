import { hostname } from 'node:os';
import { pid } from 'node:process';
import { redactor } from '#core/redact.ts';
import { openConfiguration } from '#application/configuration.ts';
import { openBreakers } from '#application/breakers.ts';
import type { Collector } from '#application/collecting/collector.ts';
import type { Dependencies, JourneyReader } from '#application/dependencies.ts';
import { alerts, alertsTo } from '#application/alerts.ts';
import { doctorOf } from '#application/doctor.ts';
import { openEngine, type Engine } from '#application/engine.ts';
import { catalogue } from '#application/catalogue.ts';
import { executeWith, type Execute } from '#application/execute.ts';
import type { Journal } from '#application/journal.ts';
import { plansOf } from '#application/plans.ts';
import { tellDeadLetters } from '#application/ticks/tell-dead-letters.ts';
import { prune } from '#application/ticks/prune.ts';
import { joinReplicas } from '#application/process.ts';
import type { Destination } from '#application/relay/destination.ts';
import type { Authenticate } from '#application/tokens.ts';
import type { AgentGateway, Clock, InProcessAgent, Logger } from '#application/ports.ts';
import type { Tracer } from '#application/tracer.ts';
import { databaseClock, systemClock } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { prometheusMeter, type PrometheusMeter } from '#adapters/metrics/prometheus-meter.ts';
import { postgresAdmissionStore } from '#adapters/postgres/admission-store.ts';
import { postgresAuditReader } from '#adapters/postgres/audit-store.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import { postgresDueChecks } from '#adapters/postgres/checks.ts';
import { postgresClaimRoom } from '#adapters/postgres/claims.ts';
import { postgresCollectionStore } from '#adapters/postgres/collection-store.ts';
import { postgresConfigStore } from '#adapters/postgres/config-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresDeadLetterStore } from '#adapters/postgres/dead-letter-store.ts';
import { postgresDeliveryStore } from '#adapters/postgres/delivery-store.ts';
import { readFigures } from '#adapters/postgres/figures.ts';
import { keepHouse } from '#adapters/postgres/housekeeping.ts';
import { postgresJournalStore } from '#adapters/postgres/journal-store.ts';
import { postgresJourneyReader, readJourneys } from '#adapters/postgres/journey-reader.ts';
import { postgresNoticeStore } from '#adapters/postgres/notice-store.ts';
import { postgresOutboxStore } from '#adapters/postgres/outbox-store.ts';
import { postgresPeopleStore } from '#adapters/postgres/people-store.ts';
import { postgresPublicationStore } from '#adapters/postgres/publication-store.ts';
import { postgresProcessStore } from '#adapters/postgres/process-store.ts';
import { postgresErasureStore } from '#adapters/postgres/erasure-store.ts';
import { postgresRetentionStore } from '#adapters/postgres/retention-store.ts';
import { postgresSecretStore } from '#adapters/postgres/secret-store.ts';
import { postgresSlackStore } from '#adapters/postgres/slack-store.ts';
import { postgresTokenStore } from '#adapters/postgres/token-store.ts';
import { postgresVerifyStore } from '#adapters/postgres/verify-store.ts';
import { postgresWaitingRoom } from '#adapters/postgres/waiting-room.ts';
import { readReport } from '#adapters/reports/read-report.ts';
import { openSlackDoor, type SlackDoor } from '#bot/slack-door.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { configFilesOf } from '#settings/config-files.ts';
import { readDocument } from '#settings/document.ts';
import type { Settings } from '#settings/settings.ts';
import { evidenceKinds, readEvidence } from '#validators/evidence-kinds.ts';
import { collectAgain, collectorsOf, placesOf, publishAgain } from './collectors.ts';
import { agentPushRoutes, discoveryProblem, lookForAgents, openAgents } from './agents.ts';
import { checkDestinations, destinationsOf } from './destinations.ts';
import { discreetCollector, discreetDestination, discreetGateway, discreetProbe } from './discreet.ts';
import { openNotifications, slackChannelsOf } from './notifications.ts';
import { eventStoreCheck, openEventCopy } from './event-store.ts';
import { keepFirstTokens } from './first-tokens.ts';
import { issueTrackers } from './issue-trackers.ts';
import { identityOf } from './identity.ts';
import { readinessOf, type Readiness } from './readiness.ts';
import { schedule } from './schedule.ts';
import { probesOf } from './probes.ts';
import { productBuild } from './product-build.ts';
import { migrateStore, openStore } from './store.ts';
import { openTracing } from './tracing.ts';

export type Orchestrator = {
  readonly execute: Execute;
  readonly authenticate: Authenticate;
  readonly readiness: () => Promise<Readiness>;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly journeyVersions: JourneyReader['versions'];
  /** A secret that all replicas share, made by the first that asks for it. */
  readonly sharedSecret: (name: string) => Promise<string>;
  /** What a push of an agent does. */
  readonly wakeAttempt: Engine['wake'];
  /** Where agents tell that something has happened; null: without a public URL. */
  readonly agentPushes: ReturnType<typeof agentPushRoutes>;
  /** Null: without Slack. */
  readonly slack: SlackDoor | null;
  /** Null: nothing is traced. */
  readonly tracer: Tracer | null;
  /** What Prometheus scrapes. */
  readonly metrics: PrometheusMeter['exposition'];
  /** Stops claiming, lets what runs end or hands it back, and closes the store. */
  readonly stop: () => Promise<void>;
};

export type Parts = {
  readonly logger: Logger;
  /** In place of the store's own time: the demo's journey time runs fast. */
  readonly clock?: Clock;
  /** Functions in this process that do tasks, by intent. */
  readonly functions?: { readonly [intent: string]: InProcessAgent };
  /** In place of the store that the settings name. */
  readonly database?: Database;
  /** Others to be told, beside those that the settings name. */
  readonly destinations?: readonly Destination[];
  /** Others to be asked for evidence, beside those that the settings name. */
  readonly collectors?: readonly Collector[];
};

/** Puts the product together: the only place that knows every adapter. */
export async function compose(settings: Settings, parts: Parts): Promise<Orchestrator> {
  const { logger, functions = {} } = parts;
  checkDestinations(settings);
  const database = parts.database ?? (await openStore(settings, logger));
  try {
    await migrateStore(settings, database, logger);
    return await onStore(settings, parts, database, functions);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function onStore(
  settings: Settings,
  { logger, clock: given, destinations = [], collectors = [] }: Parts,
  database: Database,
  functions: NonNullable<Parts['functions']>,
): Promise<Orchestrator> {
  const serverClock =
    given || database.kind === 'embedded' ? undefined : await databaseClock({ databaseTime: database.time, logger });
  const clock = given ?? serverClock ?? systemClock();
  const ids = cryptoIds;
  const replica = `${hostname()}:${pid}`;
  const configs = postgresConfigStore(database);
  const plans = plansOf({ ...configs, compile: (stored) => compilePlan(readDocument(stored)) });
  const build = productBuild();
  // The agents are opened after what counts.
  let opened: AgentGateway | undefined;
  const meter = prometheusMeter({
    figures: async () => ({
      ...(await readFigures(database, clock.journey(), { eventStore: settings.eventStore !== null })),
      agentSources: opened?.sources() ?? [],
    }),
    planOf: plans.get,
    build,
    alerts,
    clock,
    logger,
  });
  const raise = alertsTo(logger, meter.alerted);
  const configuration = await openConfiguration({
    files: configFilesOf(settings),
    store: configs,
    plans,
    clock,
    ids,
    logger,
    raise,
    process: replica,
  });
  const process = await joinReplicas(postgresProcessStore(database), clock, logger, {
    name: replica,
    lease_ms: settings.lease_ms,
  });

  const tracing = await openTracing(settings, database, build.version);
  const secrets = postgresSecretStore(database);
  const sharedSecret = (name: string) => secrets.shared(name, `${ids.random()}${ids.random()}`, clock.machine());
  const inProcessIntents = Object.keys(functions);
  const { gateway, pushes } = await openAgents(settings, { database, inProcessIntents, sharedSecret, clock, logger });
  opened = gateway;
  const breakers = openBreakers({
    store: postgresBreakerStore(database),
    policy: () => plans.active().breaker,
    clock,
    logger,
    raise,
  });
  const events = openEventCopy(settings, { database, breakers, epoch: process.epoch, clock, logger, raise });
  const people = postgresPeopleStore(database);
  // The Slack door is told by the engine, and asks what the engine makes possible: whichever is opened first waits.
  const executing = Promise.withResolvers<Execute>();
  const slack =
    settings.slack &&
    openSlackDoor({
      ...settings.slack,
      publicUrl: settings.http.publicUrl,
      noticeChannels: slackChannelsOf(settings),
      catalogue,
      execute: async (...call) => (await executing.promise)(...call),
      people,
      store: postgresSlackStore(database),
      clock,
      logger,
      alert: raise,
    });
  const journeys = postgresJourneyReader(database);
  const systems = [...destinations, ...destinationsOf(settings, clock)];
  const notifications = openNotifications(settings, {
    store: postgresNoticeStore(database),
    journeys,
    slack: slack?.notices ?? null,
    clock,
    logger,
  });
  const redact = redactor(settings.secrets());
  const engine = await openEngine({
    store: postgresJournalStore(database, plans.get),
    admissionStore: postgresAdmissionStore(database),
    room: postgresWaitingRoom(database),
    breakers,
    checks: postgresDueChecks(database),
    load: (clientIds) => readJourneys(database, clientIds),
    plans,
    gateway: tracing.gateway(discreetGateway(redact, gateway)),
    functions,
    process,
    clock,
    ids,
    logger,
    raise,
    enabled: settings.enabled,
    workerPoolSize: settings.workerPoolSize,
    outbox: postgresOutboxStore(database),
    destinations: [...systems, ...notifications.destinations, ...(slack?.telling ? [slack.telling] : [])].map((one) =>
      tracing.destination(discreetDestination(redact)(one)),
    ),
    meter,
    tracer: tracing.tracer,
    eventRelay: events?.relay ?? null,
  });

  const tokens = postgresTokenStore(database);
  const collections = postgresCollectionStore(database);
  await keepFirstTokens(settings, { tokens, clock, ids });
  const askSlack = async () => (slack ? slack.check() : null);
  const probes = probesOf({
    settings,
    database,
    configuration,
    slack: askSlack,
    gateway,
    eventCopy: events?.copy ?? null,
    clock,
    build,
    process: replica,
  }).map(discreetProbe(redact));
  const dependencies: Dependencies = {
    journal: engine.journal,
    journeys,
    plans,
    configuration,
    agents: gateway,
    deliveries: postgresDeliveryStore(database),
    claims: postgresClaimRoom(database),
    breakers,
    tokens,
    audit: postgresAuditReader(database),
    people,
    slack: askSlack,
    doctor: doctorOf(probes, clock),
    evidenceKinds: { names: Object.keys(evidenceKinds), read: readEvidence },
    uncollected: collections.uncollected,
    readReport,
    verification: postgresVerifyStore(database),
    erasure: postgresErasureStore(database),
    eventCopy: events?.copy ?? null,
    clock,
    ids,
  };
  const execute = tracing.execute(executeWith(dependencies, logger, meter));
  executing.resolve(execute);
  const retained = {
    store: postgresRetentionStore(database, { awaitsCopy: events !== null }),
    retention: settings.retention,
    clock,
    logger,
  };
  const deadLetters = {
    store: postgresDeadLetterStore(database),
    systems: systems.map(({ name }) => name),
    journal: engine.journal,
    clock,
    logger,
  };
  const scheduled = [
    ...schedule(
      settings,
      { ...engine, copyEvents: events?.relay.look ?? null },
      configuration,
      (stopping) => prune(retained, stopping),
      clock,
      logger,
    ),
    ...notifications.schedule(settings, () => tellDeadLetters(deadLetters)),
    lookForAgents(gateway, raise, clock, logger),
  ];
  const load = (clientIds: readonly string[]) => readJourneys(database, clientIds);
  const asking = { load, plans, breakers, clock, ids, logger };
  const collected = settings.enabled
    ? [
        ...collectAgain(
          [...collectors, ...collectorsOf(settings), ...issueTrackers(settings, clock)].map(discreetCollector(redact)),
          {
            ...asking,
            store: collections,
            execute,
            meter,
          },
        ),
        ...publishAgain(placesOf(settings, ids), { ...asking, store: postgresPublicationStore(database) }),
      ]
    : [];
  const housekeeping = keepHouse(database, clock, logger);

  return {
    execute,
    authenticate: identityOf(settings, { tokens, clock, ids, logger }),
    readiness: () =>
      readinessOf(settings, database, configuration, {
        agents: discoveryProblem(gateway.sources()) ?? 'ok',
        event_store: eventStoreCheck(settings, breakers),
      }),
    clock,
    journal: engine.journal,
    journeyVersions: dependencies.journeys.versions,
    sharedSecret,
    wakeAttempt: engine.wake,
    agentPushes: agentPushRoutes(pushes, engine.wake, clock),
    slack,
    tracer: tracing.tracer,
    metrics: meter.exposition,
    stop: async () => {
      await slack?.stop();
      await Promise.all([...scheduled, ...collected].map((one) => one.stop()));
      await engine.stop();
      notifications.close();
      await housekeeping.stop();
      await process.stop();
      await serverClock?.stop();
      await tracing.tracer?.close();
      await database.close();
    },
  };
}
