import { DAY, HOUR } from '#core/time.ts';
import { needed, type HistoryEvent, type View } from './api-client.ts';
import { askAgain, decide, type Approving } from './approvals.ts';
import type { Beat, Client } from './clients.ts';
import { panel } from './panel.ts';
import { plain, styled, type Line } from './spans.ts';
import { told } from './tell.ts';

export type Story = Omit<Approving, 'show'> & {
  readonly title: () => string;
  readonly tick_ms: number;
  readonly signal: AbortSignal;
};

/** How it ended for a client. */
export type Ending = { readonly view: View; readonly rolledBack: string | null };

/** One client as the story has got so far; all of it comes from the public API. */
type Thread = {
  readonly client: Client;
  view: View | null;
  after: number;
  stage: { readonly name: string; readonly since: number };
  /** When the work of a stage entry was first seen done, by entry. */
  readonly workDone: Map<number, number>;
  readonly fed: Map<string, { readonly times: number; readonly at: number }>;
  rolledBack: string | null;
  rejectedAt: number | null;
};

/** Tells the clients' journeys until one is in production and whoever was rolled back has its sandbox again. */
export async function tellStory(story: Story, clients: readonly Client[]): Promise<readonly Ending[]> {
  const { clock, screen, signal, tick_ms } = story;
  const beganAt = clock.journey();
  const threads = clients.map(threadOf);
  const show = (): void =>
    screen.show((width) =>
      panel(
        story.title(),
        threads.map((thread) => watched(thread, clock.journey())),
        width,
      ),
    );
  while (!threads.every(isOver)) {
    for (const thread of threads) await step({ ...story, show }, thread, beganAt);
    show();
    await clock.sleep(tick_ms, signal);
    signal.throwIfAborted();
  }
  screen.rest();
  return threads.flatMap(({ view, rolledBack }) => (view ? [{ view, rolledBack }] : []));
}

const threadOf = (client: Client): Thread => ({
  client,
  view: null,
  after: 0,
  stage: { name: '', since: 0 },
  workDone: new Map(),
  fed: new Map(),
  rolledBack: null,
  rejectedAt: null,
});

const watched = ({ client, view, rolledBack }: Thread, now: number) => ({
  clientId: client.clientId,
  view,
  progress: view?.duration_target_days
    ? (now - Date.parse(view.stage_started_at)) / (view.duration_target_days * DAY)
    : 0,
  rolledBack,
});

const isWorkDone = ({ units }: View): boolean => units.every(({ status }) => status === 'completed');

const isOver = ({ client, view, rolledBack }: Thread): boolean =>
  view !== null && (client.rollBack ? rolledBack !== null && isWorkDone(view) : view.stage === 'production');

async function step(approving: Approving & Story, thread: Thread, beganAt: number): Promise<void> {
  const { clock, operator } = approving;
  const { client } = thread;
  if (!thread.view) {
    if (clock.journey() < beganAt + client.starts_on_day * DAY) return;
    const body = { client_id: client.clientId, ...client.start };
    thread.view = needed(`Starting ${client.clientId}`, await operator.post<View>('/api/v1/journeys', body));
  }
  await follow(approving, thread, thread.view);
  await feed(approving, thread, thread.view);
  await approve(approving, thread, thread.view);
  await rollBack(approving, thread);
}

/** Reads what has happened since the last look, and says it. */
async function follow({ operator, clock, screen }: Story, thread: Thread, before: View): Promise<void> {
  const path = `/api/v1/journeys/${thread.client.clientId}`;
  const { events } = await operator.get<{ events: HistoryEvent[] }>(`${path}/history?after=${thread.after}`);
  for (const event of events) {
    thread.after = event.seq;
    if (event.type === 'stage_entered')
      thread.stage = { name: String(event.data['stage']), since: Date.parse(event.at) };
    if (event.type === 'journey_rolled_back') thread.rolledBack = String(event.data['reason']);
    for (const line of told(event)) screen.say([...prefix(thread, event, before), ...line]);
  }
  const view = await operator.get<View>(path);
  thread.view = view;
  if (isWorkDone(view) && !thread.workDone.has(view.stage_entry))
    thread.workDone.set(view.stage_entry, clock.journey());
}

function prefix({ client, stage }: Thread, { at }: HistoryEvent, { duration_target_days }: View): Line {
  const name = styled('bold', client.clientId.padEnd(11));
  if (stage.name === '') return [name, plain(' '.repeat(23))];
  const day = Math.floor((Date.parse(at) - stage.since) / DAY) + 1;
  const of = stage.name === 'production' || duration_target_days === null ? '' : ` of ${duration_target_days}`;
  return [name, styled('dim', `${stage.name.padEnd(10)} day ${`${day}${of}`.padEnd(9)}`)];
}

/** Hands in what is due by now, over the public API, as collectors, a survey and an issue tracker would. */
async function feed({ operator, clock }: Story, { client, fed, workDone }: Thread, view: View): Promise<void> {
  const ready = workDone.get(view.stage_entry);
  if (ready === undefined) return;
  const now = clock.journey();
  const due = client.beats.filter(
    (beat) =>
      beat.entries.some((entry) => entry === view.stage_entry) &&
      now >= ready + beat.from_day * DAY &&
      isDue(beat, fed.get(beat.id), now),
  );
  const observations = due.flatMap(({ id, observe }) => {
    const times = fed.get(id)?.times ?? 0;
    fed.set(id, { times: times + 1, at: now });
    return observe(times, new Date(now).toISOString());
  });
  if (observations.length === 0) return;
  const path = `/api/v1/journeys/${client.clientId}/evidence`;
  needed(`POST ${path}`, await operator.post(path, { observations }));
}

const isDue = ({ every_hours }: Beat, last: { readonly at: number } | undefined, now: number): boolean =>
  last === undefined || (every_hours !== undefined && now >= last.at + every_hours * HOUR);

async function approve(approving: Approving, thread: Thread, { approval }: View): Promise<void> {
  if (approval?.status === 'open') {
    await decide(approving, thread.client, approval);
    thread.rejectedAt = null;
  }
  if (approval?.status !== 'rejected') return;
  thread.rejectedAt ??= approving.clock.journey();
  if (await askAgain(approving, thread.client, thread.rejectedAt)) thread.rejectedAt = null;
}

async function rollBack({ operator, clock }: Story, { client, fed, rolledBack }: Thread): Promise<void> {
  if (!client.rollBack || rolledBack !== null) return;
  const { after, days, reason } = client.rollBack;
  const met = fed.get(after);
  if (!met || clock.journey() < met.at + days * DAY) return;
  const path = `/api/v1/journeys/${client.clientId}/rollback`;
  needed(`POST ${path}`, await operator.post(path, { reason }));
  fed.delete(after);
}
