import { pino } from 'pino';
import type { Logger } from '#application/ports.ts';
import { HIDDEN, redactor } from '#core/redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Keys whose values never belong in a log, also where they are no text. */
const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'api_key', 'connection_string'];

/**
 * JSON lines on standard output, one object an event, with the ids that a runbook greps for. Each line is cleaned as it is
 * written: a secret that came in by an error's message or somebody's answer does not get out under whatever key.
 */
export function pinoLogger(level: LogLevel, secrets: readonly string[] = []): Logger {
  const log = pino({
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'message',
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: HIDDEN },
    hooks: { streamWrite: redactor(secrets) },
  });
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}
