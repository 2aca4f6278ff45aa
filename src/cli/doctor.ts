import type { z } from 'zod';
import { buildText } from '#application/build.ts';
import { checkServer } from '#application/use-cases/check-server.ts';
import type { Answered } from './ask.ts';
import { exitCodes, isFailure, type Failure } from './failure.ts';
import { requestOf } from './request.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';
import { ownBuild } from './version.ts';

type Report = z.output<typeof checkServer.output>;
type Found = Report['probes'][number]['findings'][number];

/** The name of what is looked at from here: this program, and the way to the server. */
const OWN_PROBE = 'journey-cli';

/** Looks at the way to the server first: where that ends, the server can say nothing about itself. */
export const doctorVerb: Verb = {
  name: 'doctor',
  group: 'Server',
  summary: checkServer.summary,
  examples: ['doctor', 'doctor --format=json'],
  fields: [],
  collection: null,
  writes: false,
  localToken: 'admin',
  useCase: checkServer,
  run: examine,
  exitCode: (value) => ((value as Report).ok ? exitCodes.ok : exitCodes.refused),
};

async function examine(session: Session): Promise<Answered | Failure> {
  const { ask, connection } = session;
  const found: Found[] = [ok(`${buildText(ownBuild)}, asking ${connection.base.href}`)];
  const health = await ask({ method: 'GET', path: '/health', query: {} });
  if (isFailure(health)) return report([...found, failed(health.message, health.hint), tokenFound(connection)], []);
  found.push(versionFound(health.value));
  const request = requestOf(checkServer, {});
  const looked = isFailure(request) ? request : await ask(request);
  if (isFailure(looked)) return report([...found, failed(`It does not say more: ${looked.message}`, looked.hint)], []);
  const parsed = checkServer.output.safeParse(looked.value);
  if (!parsed.success)
    return report([...found, failed('It answers in a way that this journey-cli does not know.', SAME)], []);
  return report([...found, tokenFound(connection)], parsed.data.probes);
}

const SAME = 'Use the journey-cli of the server’s version.';

const report = (own: readonly Found[], others: Report['probes']): Answered => {
  const probes = [{ name: OWN_PROBE, took_ms: 0, findings: [...own] }, ...others];
  const isOk = probes.every(({ findings }) => findings.every(({ state }) => state !== 'failed'));
  return { value: { ok: isOk, probes } satisfies Report };
};

const ok = (said: string): Found => ({ state: 'ok', said, hint: null });
const failed = (said: string, hint: string | undefined): Found => ({ state: 'failed', said, hint: hint ?? null });

/** Where the token comes from, which is what is wrong most often; never the token. */
const tokenFound = ({ token, tokenFrom }: Session['connection']): Found =>
  token === null
    ? {
        state: 'warning',
        said: `No token. ${tokenFrom}`,
        hint: 'Set JOURNEY_API_TOKEN, or name a file with --token-file.',
      }
    : ok(tokenFrom);

function versionFound(health: unknown): Found {
  const version = (health as { readonly version?: unknown } | null)?.version;
  if (version === ownBuild.version) return ok(`The server is ${version}, too`);
  return {
    state: 'warning',
    said: `The server is ${typeof version === 'string' ? version : 'of another version'}, and this is ${ownBuild.version}.`,
    hint: SAME,
  };
}
