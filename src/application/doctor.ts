import { SECOND } from '#core/time.ts';
import type { Clock } from './ports.ts';
import type { Finding, Probe } from './probes.ts';

/** What one look came to. */
export type Looked = {
  readonly name: string;
  readonly took_ms: number;
  readonly findings: readonly Finding[];
};

/** Looks at everything that the settings name, once. */
export type Doctor = () => Promise<readonly Looked[]>;

/** Longer than a connection takes that will come about; whoever asks waits no longer than this. */
const DEADLINE_MS = 10 * SECOND;

/**
 * All probes at once, each with a deadline of its own. Who asks while a round is under way is given its answer: however many
 * ask, others are called once.
 */
export function doctorOf(probes: readonly Probe[], clock: Pick<Clock, 'machine' | 'sleep'>): Doctor {
  let asking: Promise<readonly Looked[]> | undefined;
  return () =>
    (asking ??= Promise.all(probes.map((probe) => lookBy(probe, clock))).finally(() => {
      asking = undefined;
    }));
}

async function lookBy({ name, look }: Probe, clock: Pick<Clock, 'machine' | 'sleep'>): Promise<Looked> {
  const begun = clock.machine();
  const [late, done] = [new AbortController(), new AbortController()];
  const findings = await Promise.race([
    foundBy(look(late.signal)),
    clock.sleep(DEADLINE_MS, done.signal).then((): readonly Finding[] => {
      late.abort();
      return [
        {
          state: 'failed',
          said: `No answer within ${DEADLINE_MS / SECOND} s.`,
          hint: 'Something on the way swallows what is sent: a firewall, a network policy, a wrong port.',
        },
      ];
    }),
  ]);
  done.abort();
  return { name, took_ms: clock.machine() - begun, findings };
}

/** A probe that throws has not looked; that is worth knowing, and must not cost the others their answer. */
async function foundBy(looking: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await looking;
  } catch (error) {
    return [{ state: 'failed', said: `It could not be looked at: ${String(error)}` }];
  }
}
