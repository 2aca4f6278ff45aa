import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { isFailure, wrongUsage, type Failure } from './failure.ts';

/** Where the server is and as whom we speak to it. */
export type Connection = {
  readonly base: URL;
  readonly token: string | null;
  /** Where the token came from, or where it was looked for: said when the server does not accept it. */
  readonly tokenFrom: string;
  readonly timeout_ms: number;
};

/** Whose local token a verb takes: who starts a journey is not who approves it. */
export type LocalToken = 'admin' | 'approver';

export type ConnectionOptions = {
  readonly server?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly timeout?: number | undefined;
};

const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_DATA_DIR = './.journey';
/** Longer than the 30 s in which the server judges exit criteria. */
export const DEFAULT_TIMEOUT_S = 60;

/** Finds the server and the token: the flags, then the environment, then (unless null) what the local server has. */
export function connectionOf(
  environment: Environment,
  options: ConnectionOptions,
  local: LocalToken | null,
): Connection | Failure {
  const base = baseOf(options.server ?? nonEmpty(environment.variables['JOURNEY_API_URL']) ?? DEFAULT_URL);
  if (isFailure(base)) return base;
  const found = findToken(environment, options.tokenFile, base, local);
  if (isFailure(found)) return found;
  return { base, ...found, timeout_ms: (options.timeout ?? DEFAULT_TIMEOUT_S) * 1_000 };
}

function baseOf(text: string): URL | Failure {
  const url = URL.parse(text);
  const hint = `Write it as ${DEFAULT_URL}.`;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return wrongUsage(`The server ${JSON.stringify(text)} is not an http or https URL.`, hint);
  if (url.username !== '' || url.password !== '')
    return wrongUsage(
      'The server URL holds a name or a password, which every process on this machine can read.',
      'Put a token into JOURNEY_API_TOKEN or a file (--token-file).',
    );
  if (url.search !== '' || url.hash !== '')
    return wrongUsage(`The server ${url.href} has a query or a fragment.`, hint);
  return url;
}

type Found = { readonly token: string | null; readonly tokenFrom: string };

function findToken(
  environment: Environment,
  tokenFile: string | undefined,
  base: URL,
  local: LocalToken | null,
): Found | Failure {
  const { variables } = environment;
  if (tokenFile !== undefined) return namedFile(environment, tokenFile, '--token-file');
  const given = nonEmpty(variables['JOURNEY_API_TOKEN']);
  if (given !== undefined) return checked(given, 'JOURNEY_API_TOKEN');
  const file = nonEmpty(variables['JOURNEY_API_TOKEN_FILE']);
  if (file !== undefined) return namedFile(environment, file, 'JOURNEY_API_TOKEN_FILE');
  if (local === null) return { token: null, tokenFrom: 'JOURNEY_API_TOKEN is not set.' };
  // The local server's tokens are for the local server: no other host is ever shown one.
  if (!isLoopback(base))
    return { token: null, tokenFrom: `JOURNEY_API_TOKEN is not set, and ${base.host} is not this machine.` };
  const path = join(nonEmpty(variables['JOURNEY_DATA_DIR']) ?? DEFAULT_DATA_DIR, `${local}.token`);
  const found = localFile(environment, path);
  return isFailure(found) || found.token !== null ? found : (bootstrapToken(environment) ?? found);
}

/** In a container the server's own first token is at hand: `kubectl exec … journey-cli` then needs nothing else. */
function bootstrapToken(environment: Environment): Found | Failure | undefined {
  const name = 'JOURNEY_BOOTSTRAP_TOKEN';
  const given = nonEmpty(environment.variables[name]);
  if (given !== undefined) return checked(given, name);
  const file = nonEmpty(environment.variables[`${name}_FILE`]);
  return file === undefined ? undefined : namedFile(environment, file, `${name}_FILE`);
}

function namedFile(environment: Environment, path: string, from: string): Found | Failure {
  const text = read(environment, path);
  if (isFailure(text)) return text;
  return text === undefined
    ? wrongUsage(`There is no token file ${path} (${from}).`)
    : checked(text, `${from}, the file ${path}`);
}

function localFile(environment: Environment, path: string): Found | Failure {
  const text = read(environment, path);
  if (isFailure(text)) return { token: null, tokenFrom: `JOURNEY_API_TOKEN is not set. ${text.message}` };
  if (text === undefined)
    return { token: null, tokenFrom: `JOURNEY_API_TOKEN is not set, and there is no ${path} (JOURNEY_DATA_DIR).` };
  return checked(text, path);
}

function read({ readFile }: Environment, path: string): string | undefined | Failure {
  try {
    return readFile(path);
  } catch (error) {
    return wrongUsage(
      `The token file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** The value itself is never shown: it would end up in logs. */
function checked(text: string, tokenFrom: string): Found | Failure {
  const token = text.trim();
  return /^[\x21-\x7e]+$/.test(token)
    ? { token, tokenFrom: `The token came from ${tokenFrom}.` }
    : wrongUsage(`The token from ${tokenFrom} is empty or has characters that no token has.`);
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
