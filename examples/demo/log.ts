import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { JsonObject } from '#core/json.ts';
import type { Logger } from '#application/ports.ts';

export type LogFile = Logger & { readonly close: () => Promise<void> };

/** The orchestrator's log as JSON lines in a file: on the terminal it would tear the panel apart. */
export function openLogFile(path: string, troubled: (message: string) => void): LogFile {
  const file = createWriteStream(path, { flags: 'a' });
  const write =
    (level: string) =>
    (message: string, fields: JsonObject = {}): void => {
      file.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
      if (level === 'error') troubled(message);
    };
  return {
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    close: async () => {
      file.end();
      await once(file, 'close');
    },
  };
}
