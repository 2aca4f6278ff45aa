import { z } from 'zod';
import { refuse, type Refusal } from '#core/errors.ts';
import type { ConfigProblem, RecordedActivation, ReloadFailure, Stranded } from './config-ports.ts';
import type { ConfigChange } from './configuration.ts';
import { iso } from './fields.ts';
import { maySee, type Principal } from './principal.ts';

/** How the use-cases about the configuration show what they have in common. */

export const VersionHash = z
  .string()
  .regex(/^[0-9a-f]{16,64}$/, 'must be the hash of a version, as config history names it');

export const unknownVersion = (hash: string): Refusal =>
  refuse(
    'config.unknown',
    `No version of the configuration is called ${hash}.`,
    'config history names those that there are.',
  );

export const ProblemView = z.object({
  where: z.string(),
  path: z.string(),
  value: z.string().optional(),
  allowed: z.string(),
});

export const problemText = ({ where, path, value, allowed }: ConfigProblem): string =>
  [where, ...(path === '' ? [] : [value === undefined ? path : `${path} is ${value}`]), allowed].join(': ');

export const FindingView = z.object({
  code: z.string(),
  level: z.enum(['error', 'warning', 'info']),
  at: z.string(),
  message: z.string(),
  hint: z.string(),
});

export const StrandedView = z.object({ stage: z.string(), count: z.number(), clients: z.array(z.string()) });

/** Ids only of clients that the caller may see; the count tells that there are others. */
export const strandedView = (
  { stage, count, clients }: Stranded,
  principal: Principal,
): z.input<typeof StrandedView> => ({
  stage,
  count,
  clients: clients.filter((clientId) => maySee(principal, clientId)),
});

export const ReloadFailureView = z.object({
  process: z.string(),
  failed_at: z.string(),
  mended_at: z.string().nullable(),
  problems: z.array(ProblemView),
  stranded: z.array(StrandedView),
});

export const reloadFailureView = (
  { process, failed_at, mended_at, problems, stranded }: ReloadFailure,
  principal: Principal,
): z.input<typeof ReloadFailureView> => ({
  process,
  failed_at: iso(failed_at),
  mended_at: mended_at === null ? null : iso(mended_at),
  problems: problems.map((problem) => ({ ...problem })),
  stranded: stranded.map((one) => strandedView(one, principal)),
});

export const ActivationView = z.object({
  activation: z.number(),
  hash: z.string(),
  label: z.string(),
  activated_at: z.string(),
  activated_by: z.string(),
  door: z.string(),
  process: z.string(),
});

export const activationView = ({
  activation,
  hash,
  label,
  activated_at,
  activated_by,
  door,
  process,
}: RecordedActivation): z.input<typeof ActivationView> => ({
  activation,
  hash,
  label,
  activated_at: iso(activated_at),
  activated_by,
  door,
  process,
});

const CHANGES = 500;

export const ChangesView = z.object({
  changes: z.array(z.object({ key: z.string(), from: z.unknown(), to: z.unknown() })),
  /** How many more there are. */
  left_out: z.number(),
});

export const changesView = (changes: readonly ConfigChange[]): z.input<typeof ChangesView> => ({
  changes: changes.slice(0, CHANGES).map((change) => ({ ...change })),
  left_out: Math.max(0, changes.length - CHANGES),
});
