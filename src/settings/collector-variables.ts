import { secret, variable, type Variable } from './variable.ts';

/** Where collectors ask, and what opens the door. What they ask stands in collectors.yaml. */
export const collectorVariables: readonly Variable[] = [
  variable('GLEAN_API_ENDPOINT', 'url', 'collectors.glean.url', "Glean's server, as https://acme-be.glean.com."),
  variable('GLEAN_INSTANCE', 'text', 'glean.instance', 'Instead of it: acme, for https://acme-be.glean.com.'),
  variable(
    'GLEAN_SERVICE_ACCOUNT',
    'text',
    'collectors.glean.token',
    'The API token that Glean is asked with; without it nobody asks.',
    secret,
  ),
  variable(
    'GLEAN_INDEXING_TOKEN',
    'text',
    'collectors.glean.indexingToken',
    'The token for what is pushed, where that is another one.',
    secret,
  ),
  variable(
    'GLEAN_METRICS_PUBLISH_INTERVAL',
    'number',
    'glean.publishInterval',
    'Seconds between two publications of what has changed.',
    { default: 60, min: 5, max: 86_400 },
  ),
  variable(
    'PROMETHEUS_URL',
    'url',
    'collectors.prometheus.url',
    'The Prometheus that performance is read from; without it nobody reads it.',
  ),
  variable('PROMETHEUS_TOKEN', 'text', 'collectors.prometheus.token', 'Sent to it as a bearer token.', secret),
];
