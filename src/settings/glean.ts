import { resolve } from 'node:path';
import { HOUR, SECOND } from '#core/time.ts';
import { boundsOf, refreshOf, type CollectorBounds } from './collector-bounds.ts';
import type { CollectorsFile } from './collectors-file.ts';
import { finding, type Finding } from './findings.ts';
import { goldenSetProblems } from './golden-sets.ts';
import type { Problem } from './problem.ts';
import type { Values } from './values.ts';

type Server = { readonly url: string; readonly token: string; readonly indexingToken: string };

export type GleanSettings = Server &
  CollectorBounds & {
    readonly refresh_ms: { readonly [K in keyof CollectorsFile['collectors']['glean']['refresh_minutes']]: number };
    readonly datasource: string;
    readonly pushed: readonly string[];
    readonly recent_ms: number;
    readonly goldenSets: string;
    readonly queriesAtOnce: number;
    readonly departments: readonly string[];
    /** Null: journeys are not published there. */
    readonly dashboard: GleanDashboardSettings | null;
  };

export type GleanDashboardSettings = {
  readonly datasource: string;
  readonly allowedUsers: readonly string[];
  readonly allowedGroups: readonly string[];
  readonly every_ms: number;
};

type Features = { readonly glean_dashboard_enabled: boolean; readonly metrics_publishing_enabled: boolean };

export function gleanOf(
  file: CollectorsFile,
  features: Features,
  value: Values,
  configDir: string,
): GleanSettings | null {
  const server = serverOf(value);
  if (server === null) return null;
  const { glean } = file.collectors;
  const { connector_status, search_quality, user_adoption, query_volume } = glean.refresh_minutes;
  return {
    ...server,
    ...boundsOf(glean),
    refresh_ms: {
      connector_status: refreshOf(connector_status),
      search_quality: refreshOf(search_quality),
      user_adoption: refreshOf(user_adoption),
      query_volume: refreshOf(query_volume),
    },
    datasource: glean.datasource,
    pushed: glean.pushed,
    recent_ms: glean.recent_hours * HOUR,
    goldenSets: folderOf(file, configDir),
    queriesAtOnce: glean.queries_at_once,
    departments: glean.departments,
    dashboard: isPublished(file, features) ? dashboardOf(file, value) : null,
  };
}

function serverOf({ text }: Values): Server | null {
  const token = text('GLEAN_SERVICE_ACCOUNT');
  const instance = text('GLEAN_INSTANCE');
  const url = text('GLEAN_API_ENDPOINT') ?? (instance === null ? null : `https://${instance}-be.glean.com`);
  return token === null || url === null ? null : { url, token, indexingToken: text('GLEAN_INDEXING_TOKEN') ?? token };
}

const folderOf = ({ collectors: { glean } }: CollectorsFile, configDir: string): string =>
  resolve(configDir, glean.golden_sets);

/** What nobody may see is not sent: the permissions are said, never taken for granted. */
const isPublished = ({ glean_dashboard: { allowed_users, allowed_groups } }: CollectorsFile, features: Features) =>
  features.glean_dashboard_enabled &&
  features.metrics_publishing_enabled &&
  allowed_users.length + allowed_groups.length > 0;

const dashboardOf = ({ glean_dashboard: seen }: CollectorsFile, value: Values): GleanDashboardSettings => ({
  datasource: seen.datasource,
  allowedUsers: seen.allowed_users,
  allowedGroups: seen.allowed_groups,
  every_ms: value.number('GLEAN_METRICS_PUBLISH_INTERVAL') * SECOND,
});

const missing = (path: string, allowed: string): Problem => ({ where: 'environment', path, allowed });

export function gleanProblems(value: Values): readonly Problem[] {
  const { text } = value;
  const instance = text('GLEAN_INSTANCE');
  if (instance !== null && !/^[a-z0-9][a-z0-9-]{0,62}$/i.test(instance))
    return [
      { ...missing('GLEAN_INSTANCE', 'must be the name alone, as acme in https://acme-be.glean.com'), value: instance },
    ];
  const isNamed = instance !== null || text('GLEAN_API_ENDPOINT') !== null;
  const token = text('GLEAN_SERVICE_ACCOUNT');
  if (isNamed && token === null)
    return [missing('GLEAN_SERVICE_ACCOUNT', 'missing although Glean is named: it answers nobody without a token')];
  if (!isNamed && token !== null)
    return [
      missing(
        'GLEAN_API_ENDPOINT',
        'missing although GLEAN_SERVICE_ACCOUNT is set: name the server, or GLEAN_INSTANCE',
      ),
    ];
  return [];
}

/** What the file asks for and cannot have; only where Glean is named. */
export function gleanFileProblems(
  file: CollectorsFile,
  features: Features,
  value: Values,
  configDir: string,
): readonly Problem[] {
  if (serverOf(value) === null) return [];
  const allowed = 'missing: journeys that are published to Glean lead there (glean_dashboard in collectors.yaml)';
  const leadsNowhere = isPublished(file, features) && value.text('JOURNEY_PUBLIC_URL') === null;
  return [
    ...goldenSetProblems(folderOf(file, configDir)),
    ...(leadsNowhere ? [{ where: 'environment', path: 'JOURNEY_PUBLIC_URL', allowed }] : []),
  ];
}

export function lintGlean(file: CollectorsFile, features: Features, value: Values): readonly Finding[] {
  const server = serverOf(value);
  if (server === null) return [];
  const { allowed_users, allowed_groups } = file.glean_dashboard;
  const isForNobody = allowed_users.length + allowed_groups.length === 0;
  return [
    ...(URL.canParse(server.url) && new URL(server.url).hostname === 'api.glean.com'
      ? [
          finding(
            'glean.no_instance',
            'GLEAN_API_ENDPOINT',
            "api.glean.com is no server of Glean's API: each customer has one of their own.",
            'Say https://<instance>-be.glean.com, or GLEAN_INSTANCE.',
          ),
        ]
      : []),
    ...(isForNobody && features.glean_dashboard_enabled && features.metrics_publishing_enabled
      ? [
          finding(
            'glean.dashboard_for_nobody',
            'glean_dashboard',
            'Journeys are to be published to Glean, but nobody is named who may see them there: they are not.',
            'Name allowed_users or allowed_groups in collectors.yaml, or turn features.glean_dashboard_enabled off.',
          ),
        ]
      : []),
  ];
}
