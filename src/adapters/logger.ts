import { pino } from 'pino';
import type { Logger } from '#application/ports.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Keys whose values never belong in a log, wherever they come from. */
const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'api_key', 'connection_string'];

/** JSON lines on standard output, one object an event, with the ids that a runbook greps for. */
export function pinoLogger(level: LogLevel): Logger {
  const log = pino({
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'message',
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '***' },
  });
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}
