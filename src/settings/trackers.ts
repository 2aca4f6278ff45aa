import { boundsOf, refreshOf, type CollectorBounds } from './collector-bounds.ts';
import type { CollectorsFile } from './collectors-file.ts';
import type { Problem } from './problem.ts';
import type { Values } from './values.ts';

type Files = CollectorsFile['collectors'];
type Common = CollectorBounds & {
  readonly url: string;
  readonly token: string;
  readonly refresh_ms: number;
  /** How a client is named there, with `{client_id}` in it. */
  readonly clientName: string;
  readonly severity: NonNullable<Files['github']>['severity'];
};
/** Where bugs are asked for, and how. */
export type TrackerSettings = Common &
  (
    | { readonly kind: 'github'; readonly repositories: readonly string[]; readonly labels: readonly string[] }
    | {
        readonly kind: 'jira';
        /** Null: a Data Center, whose tokens say by themselves whose they are. */
        readonly email: string | null;
        readonly projects: readonly string[];
        readonly issueTypes: readonly string[];
        readonly clientField: string;
      }
    | { readonly kind: 'linear'; readonly teams: readonly string[]; readonly label: string }
  );

/** Null: bugs are not asked for; whoever knows of them records them. */
export const trackerOf = ({ collectors: files }: CollectorsFile, value: Values): TrackerSettings | null =>
  trackersOf(files, value)[0] ?? null;

/** A tracker is asked when the file says what to ask and a variable opens the door: tokens alone may be there for others. */
const trackersOf = (files: Files, value: Values): readonly TrackerSettings[] => [
  ...gitHubOf(files, value),
  ...jiraOf(files, value),
  ...linearOf(files, value),
];

function gitHubOf({ github }: Files, { text }: Values): readonly TrackerSettings[] {
  const token = text('GITHUB_TOKEN');
  if (!github || token === null) return [];
  const { repositories, labels, client_label } = github;
  const url = text('GITHUB_API_URL') ?? '';
  return [{ kind: 'github', url, token, repositories, labels, ...commonOf(github, client_label) }];
}

function jiraOf({ jira }: Files, { text }: Values): readonly TrackerSettings[] {
  const [url, token] = [text('JIRA_URL'), text('JIRA_API_TOKEN')];
  if (!jira || url === null || token === null) return [];
  const { projects, issue_types: issueTypes, client_field: clientField, client_value } = jira;
  const email = text('JIRA_EMAIL');
  return [{ kind: 'jira', url, token, email, projects, issueTypes, clientField, ...commonOf(jira, client_value) }];
}

function linearOf({ linear }: Files, { text }: Values): readonly TrackerSettings[] {
  const token = text('LINEAR_API_KEY');
  if (!linear || token === null) return [];
  const { teams, label, client_label } = linear;
  return [
    { kind: 'linear', url: text('LINEAR_API_URL') ?? '', token, teams, label, ...commonOf(linear, client_label) },
  ];
}

const commonOf = (
  file: Pick<NonNullable<Files['github']>, 'severity' | 'refresh_minutes'> & Parameters<typeof boundsOf>[0],
  clientName: string,
) => ({ severity: file.severity, clientName, refresh_ms: refreshOf(file.refresh_minutes), ...boundsOf(file) });

/** With two of them the all-clear of one would stand for what the other has not said. */
export function trackerProblems({ collectors: files }: CollectorsFile, value: Values): readonly Problem[] {
  const kinds = trackersOf(files, value).map(({ kind }) => kind);
  return kinds.length < 2
    ? []
    : [
        {
          where: 'collectors.yaml',
          path: 'collectors',
          value: kinds.join(', '),
          allowed: 'must name one issue tracker: an all-clear from one would say nothing of the other',
        },
      ];
}
