/** What comes in about a client from outside: measured, answered, reported. */
export type Observation = {
  readonly kind: string;
  readonly subject?: string;
  readonly value: Readonly<Record<string, unknown>>;
};

/** Evidence that comes in at some time of a stage; there is nothing to measure before the stage's work is done. */
export type Beat = {
  readonly id: string;
  /** Which entries into a stage: 1 is the sandbox, 2 the pilot, 3 the sandbox again after a rollback. */
  readonly entries: readonly (1 | 2 | 3)[];
  /** Journey days since the stage's work was done. */
  readonly from_day: number;
  /** Again and again, as a collector would; once where unset. */
  readonly every_hours?: number;
  readonly observe: (nth: number, now: string) => readonly Observation[];
};

export type Client = {
  readonly clientId: string;
  /** Journey days after the demo began. */
  readonly starts_on_day: number;
  readonly start: { readonly data_sources: readonly string[]; readonly inputs: Readonly<Record<string, unknown>> };
  /** Who decides on its demo: the person at the terminal, or nobody but the approver's token. */
  readonly askPerson: boolean;
  readonly beats: readonly Beat[];
  /** What the operator does some days after a beat has come in. */
  readonly rollBack?: { readonly after: string; readonly days: number; readonly reason: string };
};

const DAILY = 24;
const searchQuality = (precision: number): readonly Observation[] => [
  { kind: 'search_quality', value: { precision, k: 5, sampled: 200 } },
];

/** What the connectors themselves report: what the agent that installed them has said is good for a day. */
const connectors = (names: readonly string[]): Beat => ({
  id: 'connectors',
  entries: [1, 3],
  from_day: 0.25,
  every_hours: 6,
  observe: () => names.map((name) => ({ kind: 'connector_status', subject: name, value: { status: 'synced' } })),
});

/** What a pilot that goes well reports, as collectors and a survey would: a gate that rests on old figures stays shut. */
const pilot = (scores: readonly number[], latencies: readonly number[]): readonly Beat[] => [
  { id: 'search', entries: [2], from_day: 0, every_hours: 2 * DAILY, observe: () => searchQuality(0.88) },
  {
    id: 'performance',
    entries: [2],
    from_day: 0,
    every_hours: 6,
    observe: (nth) => [
      {
        kind: 'performance',
        value: {
          p95_ms: latencies[Math.min(nth, latencies.length - 1)],
          error_rate: 0.002,
          requests: 18_400,
          window_minutes: 1_440,
        },
      },
    ],
  },
  {
    id: 'bugs',
    entries: [2],
    from_day: 0,
    every_hours: DAILY,
    observe: () => [{ kind: 'bug', value: { all_clear: true } }],
  },
  {
    id: 'survey',
    entries: [2],
    from_day: 0.5,
    every_hours: 8,
    observe: (nth) => {
      const score = scores[nth];
      return score === undefined
        ? []
        : [{ kind: 'survey_response', subject: `pilot-user-${nth + 1}`, value: { score } }];
    },
  },
];

const northwind: Client = {
  clientId: 'northwind',
  starts_on_day: 0,
  start: {
    data_sources: ['salesforce', 'jira', 'confluence'],
    inputs: { users: ['ada@northwind.example', 'grace@northwind.example'], pilot_cohort_size: 25 },
  },
  askPerson: true,
  beats: [
    connectors(['salesforce', 'jira', 'confluence']),
    // Not good enough at first: the gate stays shut, and says by how much.
    { id: 'first-search', entries: [1], from_day: 1.5, observe: () => searchQuality(0.74) },
    { id: 'tuned-search', entries: [1], from_day: 3.5, every_hours: 2 * DAILY, observe: () => searchQuality(0.86) },
    ...pilot([5, 4, 4, 5, 4, 5, 4, 4, 5, 4, 5, 4], [470, 450, 430, 420]),
    // A bug that the criterion tolerates (at most two high ones) must not stop a launch.
    {
      id: 'high-bug',
      entries: [2],
      from_day: 2,
      observe: (_nth, now) => [{ kind: 'bug', subject: 'NWD-31', value: { severity: 'high', opened_at: now } }],
    },
  ],
};

const globex: Client = {
  clientId: 'globex',
  starts_on_day: 0.5,
  start: {
    data_sources: ['sharepoint', 'zendesk'],
    inputs: { users: ['hank@globex.example'], pilot_cohort_size: 40 },
  },
  askPerson: false,
  beats: [
    connectors(['sharepoint', 'zendesk']),
    { id: 'search', entries: [1], from_day: 1, every_hours: 2 * DAILY, observe: () => searchQuality(0.91) },
    ...pilot([4, 3, 4, 4], [390, 380]),
    {
      id: 'critical-bug',
      entries: [2],
      from_day: 2,
      observe: (_nth, now) => [{ kind: 'bug', subject: 'GLX-17', value: { severity: 'critical', opened_at: now } }],
    },
  ],
  rollBack: {
    after: 'critical-bug',
    days: 0.6,
    reason: 'Critical bug GLX-17: search results show documents that the user may not open.',
  },
};

export const clients: readonly Client[] = [northwind, globex];
