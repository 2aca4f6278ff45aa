import type { JsonObject } from '#core/json.ts';
import type { Actor } from '#core/journey/journey.ts';
import type { NewObservation } from '#core/journey/commands.ts';
import type { Principal } from '#application/principal.ts';
import type { Logger } from '#application/ports.ts';
import { readDocument, type ConfigDocument } from '#settings/document.ts';
import { loadSettings } from '#settings/load-settings.ts';
import type { Settings } from '#settings/settings.ts';
import { join } from 'node:path';

export const realConfig = join(import.meta.dirname, '../../../config');

/** What the product's own config folder says. */
export const realDocument: ConfigDocument = loadSettings({ env: {}, configDir: realConfig }).document;

/** The real document with some of its parts replaced, checked as a stored one is. */
export const documentWith = (parts: { readonly [part in keyof ConfigDocument]?: unknown }): ConfigDocument =>
  readDocument({ ...structuredClone(realDocument), ...parts });

type SmallTask = {
  readonly id: string;
  readonly after?: readonly string[];
  readonly input?: JsonObject;
  readonly output?: JsonObject;
  readonly retries?: number;
  readonly backoff?: 'exponential' | 'linear' | 'none';
  readonly mapping?: { readonly [input: string]: string };
  readonly intent?: string;
  readonly compensate?: string;
};

export type SmallStage = {
  readonly id: string;
  readonly tasks?: readonly SmallTask[];
  readonly criteria?: readonly JsonObject[];
  readonly auto?: boolean;
  readonly rollback?: readonly JsonObject[];
  readonly goals?: readonly JsonObject[];
  readonly days?: number;
  readonly calendar?: 'calendar' | 'business';
};

/** A document of few words: stages in the order given, each with at most one template, named after it. */
export function smallDocument(
  stages: readonly SmallStage[],
  parts: { readonly [part in keyof ConfigDocument]?: unknown } = {},
): ConfigDocument {
  return documentWith({
    stages: stages.map(({ id, criteria = [], auto, days, calendar, rollback = [], goals = [] }, index) => ({
      stage_id: id,
      name: id,
      order: index + 1,
      exit_criteria: criteria,
      rollback_criteria: rollback,
      success_metrics: goals,
      ...(auto === undefined ? {} : { auto_promotion: auto }),
      ...(days === undefined ? {} : { duration_target_days: days }),
      ...(calendar === undefined ? {} : { calendar }),
    })),
    templates: stages.flatMap(({ id, tasks = [] }) =>
      tasks.length === 0 ? [] : [{ template_id: `${id}_work`, name: id, stage: id, tasks: tasks.map(taskDocument) }],
    ),
    evidence: {},
    ...parts,
  });
}

const taskDocument = ({
  id,
  after = [],
  input = {},
  output = {},
  retries,
  backoff,
  mapping,
  intent,
  compensate,
}: SmallTask) => ({
  task_id: id,
  name: id,
  agent_intent: intent ?? `do_${id}`,
  input_schema: input,
  output_schema: output,
  depends_on: after,
  ...(retries === undefined && backoff === undefined
    ? {}
    : {
        retry_policy: {
          ...(retries === undefined ? {} : { max_retries: retries }),
          ...(backoff === undefined ? {} : { backoff }),
        },
      }),
  ...(mapping ? { input_mapping: mapping } : {}),
  ...(compensate === undefined ? {} : { compensate_intent: compensate }),
});

export const searchQuality = (min_precision = 0.8, more: JsonObject = {}): JsonObject => ({
  check_id: 'search_quality',
  name: 'Search Quality',
  validator: 'SearchQualityValidator',
  parameters: { min_precision, sample_queries: 100 },
  ...more,
});

/** A rollback criterion on search quality. */
export const searchCollapse = (more: JsonObject = { consecutive: 2 }): JsonObject => ({
  check_id: 'search_collapse',
  name: 'Search Collapse',
  validator: 'SearchQualityValidator',
  parameters: { min_precision: 0.5, sample_queries: 100 },
  ...more,
});

export const demoApproval = (parameters: JsonObject = {}): JsonObject => ({
  check_id: 'demo_approval',
  name: 'Demo',
  validator: 'DemoApprovalValidator',
  parameters,
});

/** Settings over the real config folder; `dataDir` takes the local tokens. */
export function settingsWith(dataDir: string, more: Partial<Settings> = {}): Settings {
  const settings = loadSettings({ env: { JOURNEY_DATA_DIR: dataDir }, configDir: realConfig });
  return { ...settings, agents: { agents: [], routes: {} }, ...more };
}

/** No agents but those that are named, and straight to them. */
export const noDiscovery: Settings['discovery'] = {
  wellKnown: [],
  aliases: {},
  allowedOrigins: [],
  broker: null,
  catalogue: null,
  tokens: {},
};

/** Doubles of other systems are on this machine. */
export const loopback: Settings['outbound'] = { allowedNetworks: ['127.0.0.0/8'], ports: [443] };

/** Nobody listens there: what is told to it stays in the outbox. */
export const deafCrm: Partial<Settings> = {
  crm: {
    url: 'https://127.0.0.1/hook',
    secrets: [`whsec_${Buffer.alloc(24).toString('base64')}`],
    hubSignature: false,
  },
  outbound: loopback,
};

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const principal = (id: string, kind: Principal['kind'], roles: Principal['roles']): Principal => ({
  id,
  kind,
  roles,
  clients: null,
  evidenceKinds: [],
  intents: null,
});
export const olga = principal('olga', 'user', ['operator']);
export const dana = principal('dana', 'user', ['approver']);
export const erin = principal('erin', 'user', ['approver']);
export const robot = principal('robot', 'agent', ['operator', 'approver']);

export const actorOf = ({ id, kind, roles }: Principal): Actor => ({ id, kind, roles });

/** What an observation is made of; the rest is an operator's word about the kind's one subject. */
export const seen = (
  kind: string,
  value: NewObservation['value'],
  observedAt: number,
  more: Partial<NewObservation> = {},
): NewObservation => ({
  kind,
  subject: '-',
  value,
  observedAt,
  source: 'test',
  origin: 'operator:olga',
  recordedBy: 'olga',
  ...more,
});

export const goodSearch = { precision: 0.9, k: 5, sampled: 250 };

/** The real document, but work alone opens the sandbox's gate: journeys go by themselves to the gate of the pilot. */
export const openPilotWith = (max_concurrent_journeys = 1_000): ConfigDocument =>
  documentWith({
    max_concurrent_journeys,
    stages: realDocument.stages.map((stage) =>
      stage.stage_id === 'sandbox' ? { ...stage, exit_criteria: [] } : stage,
    ),
  });

export const openPilot: ConfigDocument = openPilotWith();

/** The real document, but what the agent `measurer` measured counts: its token must name the kind all the same. */
export const agentsMeasure: ConfigDocument = documentWith({
  stages: realDocument.stages.map((stage) => ({
    ...stage,
    exit_criteria: stage.exit_criteria.map((criterion) =>
      criterion.validator === 'DemoApprovalValidator'
        ? criterion
        : {
            ...criterion,
            accepted_sources: [
              'collector',
              'operator',
              'token:measurer',
              'task:run_security_scan',
              'task:install_connectors',
            ],
          },
    ),
  })),
});
