import { JourneyError } from '#core/errors.ts';

/** The five characters by which PostgreSQL names an error ('23505', '40001' …); undefined for errors from elsewhere. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !NODE_CODE.test(code) ? code : undefined;
}

// EPIPE has five characters too.
const NODE_CODE = /^E[A-Z]+$/;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

// Connection failures, resources that ran out (disk, memory, connections), shutdown and restart, a standby after failover,
// a statement that took too long.
const UNAVAILABLE_STATES = /^(08...|53...|57P..|58...|25006|57014)$/;

// What pg says when the connection, not the statement, is the trouble. These errors carry no code.
const CONNECTION_TROUBLE =
  /^(Connection terminated|timeout e|Query read timeout|Client (was closed|has encountered)|Cannot use a pool after|The embedded database)/;

/** Whether the connection cannot be used again after this error. */
export function endsConnection(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08...|57P..|25006|58...)$/.test(state) || severityOf(error) !== 'ERROR';
  return error instanceof Error && (isNetworkError(error) || CONNECTION_TROUBLE.test(error.message));
}

const severityOf = (error: unknown): string =>
  error instanceof Error && 'severity' in error ? String(error.severity) : 'ERROR';

const isNetworkError = (error: Error): boolean => NODE_CODE.test(codeOf(error) ?? '') || 'syscall' in error;

/** `store.unavailable` when the database could not be asked or did not answer; every other error as it came. */
export function asUnavailable(error: unknown, store: string): unknown {
  if (!(error instanceof Error) || error instanceof JourneyError) return error;
  const state = sqlState(error);
  const unavailable =
    state === undefined ? endsConnection(error) : UNAVAILABLE_STATES.test(state) || severityOf(error) !== 'ERROR';
  return unavailable ? unavailableStore(error, store) : error;
}

/** Any failure to connect is one of the store: wrong password, no such database, nobody listening. */
export function unavailableStore(error: unknown, store: string): JourneyError {
  const said = error instanceof Error ? error.message || codeOf(error) || error.name : String(error);
  const state = sqlState(error);
  const details = { store, ...(state === undefined ? {} : { sqlstate: state }) };
  return new JourneyError('store.unavailable', `${store} is not available: ${said}`, hintFor(state, said), details, {
    cause: error,
  });
}

function hintFor(state: string | undefined, said: string): string {
  if (state?.startsWith('28') === true) return 'Check the user and the password in the settings.';
  if (state === '3D000') return 'Create the database, or correct its name in the settings.';
  if (state === '53300') return 'Raise max_connections on the server, or lower the pool size in the settings.';
  if (state === '53100') return 'Free space on the disk of the database, then try again.';
  if (state === '57014' || said === 'Query read timeout') {
    return 'The statement took longer than the statement timeout. Try again; if it persists, look at the load.';
  }
  if (said.startsWith('timeout exceeded')) return 'All connections of the pool are in use. Try again in a moment.';
  return 'Check that the database runs and can be reached, then try again.';
}
