import { port, secret, variable, type Variable } from './variable.ts';

/** The copy of the events. */
export const eventStore: readonly Variable[] = [
  variable(
    'JOURNEY_EVENT_STORE',
    'choice',
    'eventStore.kind',
    'postgresql: events are in the journal alone. eventstoredb or kurrentdb: they are copied to KurrentDB as well.',
    { default: 'postgresql', choices: ['postgresql', 'eventstoredb', 'kurrentdb'] },
  ),
  variable('JOURNEY_EVENT_STORE_HOST', 'text', 'eventStore.host', 'The event store; required where one is named.'),
  variable('JOURNEY_EVENT_STORE_PORT', 'integer', 'eventStore.port', 'Its port.', { default: 2113, ...port }),
  variable('JOURNEY_EVENT_STORE_USER', 'text', 'eventStore.user', 'Its user; required with TLS.'),
  variable('JOURNEY_EVENT_STORE_PASSWORD', 'text', 'eventStore.password', "That user's password.", secret),
  variable('JOURNEY_EVENT_STORE_TLS', 'boolean', 'eventStore.tls', 'Whether the connection is encrypted.', {
    default: true,
  }),
  variable(
    'JOURNEY_EVENT_STORE_CA_FILE',
    'text',
    'eventStore.caFile',
    "A file with the certificates (PEM) that its certificate is checked with; without it the system's.",
  ),
];

/** Where traces go. */
export const telemetry: readonly Variable[] = [
  variable(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'url',
    'telemetry.endpoint',
    'The OTLP/HTTP collector that traces go to; without it nothing is traced.',
  ),
  variable(
    'OTEL_EXPORTER_OTLP_HEADERS',
    'text',
    'telemetry.headers',
    'Headers for it, as name=value,name=value; often a key.',
    secret,
  ),
  variable('OTEL_SERVICE_NAME', 'text', 'telemetry.serviceName', 'What traces call this service.', {
    default: 'journey-orchestrator',
  }),
  variable(
    'OTEL_TRACES_SAMPLER_ARG',
    'number',
    'telemetry.ratio',
    'Of the traces that begin here, the share that is collected; of those that come in, what their callers say.',
    { default: 1, min: 0, max: 1 },
  ),
];
