import { isObject, type JsonObject } from '#core/json.ts';
import type { Collected, CollectedObservation, Collector, Wanted } from '#application/collecting/collector.ts';
import type { FoundBug, Tracker } from './tracker.ts';

export type BugCollectorOptions = Pick<Collector, 'timeout_ms' | 'concurrency' | 'callsPerMinute'> & {
  readonly refresh_ms: number;
  readonly tracker: Tracker;
  /** How the tracker names a client, with `{client_id}` in it. */
  readonly clientName: string;
};

const MOST_KNOWN_NAMES = 20_000;

/** Asks a tracker for the bugs of clients, for BugWindowValidator. That there are none is said, too: it opens gates. */
export function bugCollector({ tracker, clientName, refresh_ms, ...bounds }: BugCollectorOptions): Collector {
  const nameOf = ({ clientId }: Wanted): string => clientName.replaceAll('{client_id}', () => clientId);
  const knownNames = new Set<string>();

  return {
    name: tracker.name,
    brings: [{ kind: 'bug', refresh_ms }],
    clientsPerCall: 50,
    ...bounds,
    collect: async (wanted, signal) => {
      const since = Math.min(...wanted.map(({ stageStartedAt }) => stageStartedAt));
      const { bugs, complete } = await tracker.bugs(wanted.map(nameOf), since, signal);
      const byName = bugsByName(bugs);
      const bugsOf = (one: Wanted): readonly FoundBug[] => byName.get(folded(nameOf(one))) ?? [];
      await look(wanted.filter((one) => bugsOf(one).length === 0).map(nameOf), signal);
      return wanted.map((one) => {
        const found = bugsOf(one);
        if (found.length === 0 && !knownNames.has(folded(nameOf(one)))) return nobodyOf(one, nameOf(one));
        return complete ? collected(one, found) : tooMany(one, found, bugs.length);
      });
    },
  };

  /** Whether names without bugs exist is asked once: an all-clear for one that is misspelt would let anything pass. */
  async function look(names: readonly string[], signal: AbortSignal): Promise<void> {
    const fresh = names.filter((name) => !knownNames.has(folded(name)));
    if (fresh.length === 0) return;
    const known = await tracker.known(fresh, signal);
    if (knownNames.size > MOST_KNOWN_NAMES) knownNames.clear();
    for (const name of known) knownNames.add(folded(name));
  }

  function nobodyOf({ clientId, kind }: Wanted, name: string): Collected {
    const problem = `${tracker.title} knows nothing called ${name}, so that no bugs there say nothing`;
    return { clientId, kind, observations: [], problem };
  }

  function tooMany(one: Wanted, found: readonly FoundBug[], read: number): Collected {
    const problem = `${tracker.title} has more bugs than the ${read} that were read`;
    return { clientId: one.clientId, kind: one.kind, observations: found.map(observationOf), problem };
  }
}

/** Names are compared as people read them: one more bug is the safe side. */
const folded = (name: string): string => name.toLowerCase();

function bugsByName(bugs: readonly FoundBug[]): ReadonlyMap<string, readonly FoundBug[]> {
  const byName = new Map<string, FoundBug[]>();
  for (const bug of bugs)
    for (const name of new Set(bug.names.map(folded))) byName.set(name, [...(byName.get(name) ?? []), bug]);
  return byName;
}

/** What has changed; where nothing has, one of the bugs again, or that there are none: somebody has looked. */
function collected({ clientId, kind, known, now }: Wanted, bugs: readonly FoundBug[]): Collected {
  const before = new Map(known.map(({ subject, value }) => [subject, value]));
  const found = bugs.map(observationOf);
  const changed = found.filter(({ subject, value }) => !sameBug(before.get(subject), value));
  const present = new Set(found.map(({ subject }) => subject));
  // Renamed, moved or no longer a bug of this client: it would stay open here for good.
  const gone = known.flatMap(({ subject, value }): CollectedObservation[] =>
    present.has(subject) || !isObject(value) || !('opened_at' in value) || 'closed_at' in value
      ? []
      : [{ subject, value: { ...value, closed_at: new Date(now).toISOString() } }],
  );
  const news = [...changed, ...gone];
  const again = found.length > 0 ? found.slice(0, 1) : [{ value: { all_clear: true } }];
  return { clientId, kind, observations: news.length > 0 ? news : again };
}

function observationOf({ id, severity, openedAt, closedAt }: FoundBug): { subject: string; value: JsonObject } {
  const closed = closedAt === null ? {} : { closed_at: new Date(Math.max(openedAt, closedAt)).toISOString() };
  return { subject: id, value: { severity, opened_at: new Date(openedAt).toISOString(), ...closed } };
}

const sameBug = (one: unknown, other: JsonObject): boolean =>
  isObject(one) && ['severity', 'opened_at', 'closed_at'].every((key) => one[key] === other[key]);
