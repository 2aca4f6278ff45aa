import { isRefusal, JourneyError, refuse, type Refusal } from '#core/errors.ts';
import type { FailedReload } from '#core/explain/explain.ts';
import type { Json } from '#core/json.ts';
import type { RaiseAlert } from './alerts.ts';
import { auditEntry, type Doer } from './audit.ts';
import type { ConfigFiles, ConfigProblem, ConfigStore, LoadedConfig, Stranded } from './config-ports.ts';
import type { RefreshedPlans } from './plans.ts';
import type { Clock, Ids, Logger } from './ports.ts';

/** The configuration of this process: what it was started with, what its files have come to, and what decides. */
export type Configuration = {
  readonly files: ConfigFiles;
  readonly store: ConfigStore;
  /** What the files came to when they could last be taken up. */
  readonly own: () => LoadedConfig;
  /** When and why the files as they are now could not be taken up; null: they could. */
  readonly failedReload: () => FailedReload | null;
  /** The hash of the version that decides, as the store has it; from then on it decides in this process as well. */
  readonly decides: () => Promise<string>;
  /** Looks at the files once, and takes up what has changed and stands still. */
  readonly look: () => Promise<void>;
  /** Finds out which version decides. */
  readonly refresh: () => Promise<void>;
  /** Makes a stored version the one that decides; answers whether it was not so before. */
  readonly activate: (hash: string, by: Doer) => Promise<boolean | Refusal>;
};

export type ConfigurationParts = {
  readonly files: ConfigFiles;
  readonly store: ConfigStore;
  readonly plans: RefreshedPlans;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'random'>;
  readonly logger: Logger;
  readonly raise: RaiseAlert;
  /** The name of this process among the replicas. */
  readonly process: string;
};

/** As many as are told and kept: whoever mends these will see the others at the next look. */
const PROBLEMS = 50;

/** Activates what the process was started with; throws where that would leave clients behind. */
export async function openConfiguration(parts: ConfigurationParts): Promise<Configuration> {
  const { files, store, plans, clock, logger, raise, process } = parts;
  let own = files.started;
  /** The look that has been dealt with, and the one before: only what was seen twice is no longer being written. */
  let dealtWith = files.startedDigest;
  let lastSeen = dealtWith;
  let failing: FailedReload | null = null;

  async function decideBy(config: Pick<LoadedConfig, 'hash' | 'stages'>, by: Doer) {
    // What decides already leaves nobody behind who is not there by its own doing.
    if ((await store.active()) === config.hash) return false;
    const stranded = await store.stranded(config.stages);
    if (stranded.length > 0) return strands(config.hash, stranded);
    const { hash } = config;
    return store.activate(
      { hash, activated_by: by.actor, door: by.door, process, activated_at: clock.journey() },
      auditEntry(parts, by, { type: 'config_activated', subject: hash, data: { process } }),
    );
  }

  async function takeUp(config: LoadedConfig, door: 'start' | 'reload'): Promise<boolean | Refusal> {
    await store.keep(config.hash, config.label, config.document, clock.journey());
    const decided = await decideBy(config, { actor: 'system', door, request_id: process.slice(0, 100) });
    if (isRefusal(decided)) return decided;
    await plans.refresh();
    await store.mended(process, clock.journey(), clock.machine());
    return decided;
  }

  async function look(): Promise<void> {
    const now = files.look();
    const settled = now.digest === lastSeen;
    lastSeen = now.digest;
    if (now.digest === dealtWith || !settled) return;
    const load = now.load();
    if (load.ok) await reload(load.config);
    else await refuseFiles(load.problems, []);
    dealtWith = now.digest;
  }

  async function reload(config: LoadedConfig): Promise<void> {
    // Files that come to what they came to before must not undo what another replica has activated since.
    const decided =
      config.hash === own.hash
        ? await store.mended(process, clock.journey(), clock.machine())
        : await takeUp(config, 'reload');
    if (isRefusal(decided)) return refuseFiles([], (decided.details?.['stranded'] ?? []) as unknown as Stranded[]);
    logger.info('The configuration files were taken up.', {
      before: own.hash,
      now: config.hash,
      activated: decided === true,
      changed: changedKeys(own, config, files).slice(0, 20),
      findings: config.findings.length,
    });
    own = config;
    failing = null;
    const later = keysForRestart(files, own);
    if (later.length > 0)
      logger.warn('Changed in the files, but read at the start only: restart to take it up.', {
        keys: later.slice(0, 20),
      });
  }

  async function refuseFiles(found: readonly ConfigProblem[], stranded: readonly Stranded[]): Promise<void> {
    const problems = found.slice(0, PROBLEMS);
    const message = 'The changed configuration files cannot be used: all of what was in force before stays so.';
    const told = { folder: files.folder, problems: problems as Json, stranded: stranded as Json };
    if (failing) logger.warn(message, told);
    else raise('config_reload_failed', message, told);
    const at = clock.journey();
    failing = { at, problem: problemText(problems[0]) };
    await store.failed({ process, failed_at: at, problems, stranded });
  }

  async function refresh(): Promise<void> {
    const before = plans.active().hash;
    await plans.refresh();
    const { hash } = plans.active();
    if (hash !== before) logger.info('Another version of the configuration decides now.', { before, now: hash });
  }

  const decided = await takeUp(own, 'start');
  if (isRefusal(decided)) throw JourneyError.of(decided);
  return {
    files,
    store,
    own: () => own,
    failedReload: () => failing,
    decides: async () => {
      await refresh();
      return plans.active().hash;
    },
    look,
    refresh,
    activate: async (hash, by) => {
      await plans.ensure([hash]);
      const stages = plans.get(hash).stages.map(({ id }) => id);
      const activated = await decideBy({ hash, stages }, by);
      if (!isRefusal(activated)) await plans.refresh();
      return activated;
    },
  };
}

/** Journeys keep what they have pinned; but one whose stage is gone could never go back to it, nor be understood there. */
function strands(hash: string, stranded: readonly Stranded[]): Refusal {
  const who = stranded.map(({ stage, count, clients }) => {
    const others = count > clients.length ? ` and ${count - clients.length} more` : '';
    return `${stage}, in which ${count === 1 ? 'is' : 'are'} ${clients.join(', ')}${others}`;
  });
  return refuse(
    'config.strands',
    `The configuration ${hash} has no stage ${who.join('; no stage ')}.`,
    'Put the stage back; remove it once these journeys have left it, been rolled back or been completed.',
    { stranded: stranded as Json },
  );
}

export type ConfigChange = { readonly key: string; readonly from: Json; readonly to: Json };

/** What differs between two sets of keys; what is missing on one side is null there. */
export function changesBetween(
  from: ReadonlyMap<string, Json>,
  to: ReadonlyMap<string, Json>,
): readonly ConfigChange[] {
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((key) => {
    const [before, after] = [from.get(key) ?? null, to.get(key) ?? null];
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ key, from: before, to: after }];
  });
}

const changedKeys = (from: LoadedConfig, to: LoadedConfig, { valuesIn }: ConfigFiles): readonly string[] =>
  changesBetween(valuesIn(from.document), valuesIn(to.document)).map(({ key }) => key);

/** Keys that say something else than when the process was started, and that only a start reads. */
export function keysForRestart({ started, valuesIn }: ConfigFiles, config: LoadedConfig): readonly string[] {
  const decides = new Set([...valuesIn(started.document).keys(), ...valuesIn(config.document).keys()]);
  const others = ({ values }: LoadedConfig): ReadonlyMap<string, Json> =>
    new Map(values.flatMap(({ key, value }) => (decides.has(key) ? [] : [[key, value] as const])));
  return changesBetween(others(started), others(config)).map(({ key }) => key);
}

/** Without a problem of its own it would leave journeys in stages that it does not have. */
const problemText = (problem: ConfigProblem | undefined): string =>
  problem ? `${problem.where}: ${problem.path}: ${problem.allowed}` : 'journeys are in stages that it does not have';
