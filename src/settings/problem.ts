import { JourneyError } from '#core/errors.ts';
import type { Json } from '#core/json.ts';

/** One thing that is wrong with the settings: where, which key, what it says, and what is allowed there. */
export type Problem = {
  /** The file, `environment` or `command line`. */
  readonly where: string;
  /** The key inside a file, or the variable's name; empty: the whole file. */
  readonly path: string;
  /** What stands there, already fit to be shown; undefined: nothing does. */
  readonly value?: string;
  readonly allowed: string;
};

export const problemText = ({ where, path, value, allowed }: Problem): string =>
  [where, ...(path === '' ? [] : [value === undefined ? path : `${path} is ${value}`]), allowed].join(': ');

/** The value as a message shows it: short, on one line, without the credentials that a URL may carry. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const safe = text.replaceAll(/\/\/[^/@\s"]*@/g, '//***@');
  return safe.length > 120 ? `${safe.slice(0, 117)}...` : safe;
}

/** Every problem in one error: whoever mends the settings wants to see all of them, not one a start. */
export function settingsError(problems: readonly Problem[]): JourneyError {
  const texts = problems.map(problemText);
  const message = `The settings have ${texts.length === 1 ? 'a problem' : `${texts.length} problems`}:\n${texts.map((text) => `  - ${text}`).join('\n')}`;
  return new JourneyError('settings.invalid', message, 'Mend what is listed, then start again.', {
    problems: problems.map((problem) => ({ ...problem })) as Json,
  });
}

/** The problems that such an error lists; undefined where it is another one. */
export const problemsIn = (error: unknown): readonly Problem[] | undefined =>
  error instanceof JourneyError && error.code === 'settings.invalid'
    ? (error.details?.['problems'] as readonly Problem[] | undefined)
    : undefined;
