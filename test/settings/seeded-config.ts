import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JourneyError } from '#core/errors.ts';
import { loadSettings, type SettingsSource } from '#settings/load-settings.ts';

export const realConfig = join(import.meta.dirname, '../../config');

export type SeededConfig = {
  readonly dir: string;
  /** Replaces a text that must stand in the file. */
  readonly edit: (file: string, from: string, to: string) => void;
  readonly write: (file: string, text: string) => void;
  readonly remove: (file: string) => void;
  readonly [Symbol.dispose]: () => void;
};

/** A copy of the real folder, to put defects in. */
export function seededConfig(): SeededConfig {
  const dir = mkdtempSync(join(tmpdir(), 'journey-config-'));
  cpSync(realConfig, dir, { recursive: true });
  const write = (file: string, text: string): void => writeFileSync(join(dir, file), text);
  return {
    dir,
    write,
    edit: (file, from, to) => {
      const before = readFileSync(join(dir, file), 'utf8');
      if (!before.includes(from)) throw new Error(`${file} does not contain ${from}.`);
      write(file, before.replace(from, to));
    },
    remove: (file) => rmSync(join(dir, file)),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}

/** The message of the error that loading must end in. */
export function messageOf(source: SettingsSource): string {
  try {
    loadSettings({ configDir: realConfig, ...source });
  } catch (error) {
    if (error instanceof JourneyError && error.code === 'settings.invalid') return error.message;
    throw error;
  }
  throw new Error('The settings were accepted.');
}
