import type { Collector } from '#application/collecting/collector.ts';
import type { Clock } from '#application/ports.ts';
import type { Probe } from '#application/probes.ts';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { askTracker } from '#adapters/trackers/ask-tracker.ts';
import { bugCollector } from '#adapters/trackers/bug-collector.ts';
import { gitHub } from '#adapters/trackers/github.ts';
import { jira } from '#adapters/trackers/jira.ts';
import { linear } from '#adapters/trackers/linear.ts';
import { trackerProbe } from '#adapters/trackers/tracker-probe.ts';
import type { Tracker } from '#adapters/trackers/tracker.ts';
import type { Settings } from '#settings/settings.ts';
import type { TrackerSettings } from '#settings/trackers.ts';

type Machine = Pick<Clock, 'machine'>;

/** A page of a hundred issues, each with a text of the length that trackers allow. */
const MOST_ANSWER_BYTES = 16 * 1_048_576;

/** The issue tracker that the settings name, asked for the bugs of clients. */
export const issueTrackers = ({ collectors: { tracker } }: Settings, clock: Machine): readonly Collector[] =>
  tracker === null ? [] : [bugCollector({ ...tracker, tracker: trackerFrom(tracker, clock) })];

/** Looks at it, for doctor. */
export const issueTrackerProbes = ({ collectors: { tracker } }: Settings, clock: Machine): readonly Probe[] =>
  tracker === null ? [] : [trackerProbe(trackerFrom(tracker, clock), clock.machine, credentialsOf[tracker.kind])];

const credentialsOf = {
  github: 'GITHUB_TOKEN and GITHUB_API_URL',
  jira: 'JIRA_URL, JIRA_EMAIL and JIRA_API_TOKEN',
  linear: 'LINEAR_API_KEY',
} as const;

function trackerFrom(settings: TrackerSettings, clock: Machine): Tracker {
  const { url, token } = settings;
  const parts = { fetchBounded: boundedFetch(MOST_ANSWER_BYTES), now: clock.machine };
  const askAt = (title: string, authorization: string, more: { readonly [name: string]: string } = {}) =>
    askTracker({ title, url, headers: { authorization, ...more } }, parts);
  switch (settings.kind) {
    case 'github':
      return gitHub({ ...settings, ask: askAt('GitHub', `Bearer ${token}`, { 'x-github-api-version': '2022-11-28' }) });
    case 'jira': {
      const { email } = settings;
      const basic = (of: string): string => `Basic ${Buffer.from(`${of}:${token}`).toString('base64')}`;
      const ask = askAt('Jira', email === null ? `Bearer ${token}` : basic(email));
      return jira({ ...settings, ask, kind: email === null ? 'data_center' : 'cloud' });
    }
    case 'linear':
      // A personal key comes as it is, without the word Bearer.
      return linear({ ...settings, ask: askAt('Linear', token) });
  }
}
