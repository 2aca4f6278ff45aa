import type { Environment } from './environment.ts';
import { rawValue } from './read-variables.ts';
import { variables } from './variables.ts';

/**
 * Every secret that the variables hold, used or not, for whoever has to keep them out of what is written: whole, and where a
 * variable lists several or is an address, each part.
 */
export function secretsIn(env: Environment, overrides: Environment): readonly string[] {
  const whole = variables.flatMap((variable) => {
    const raw = variable.secret ? rawValue(variable, env, overrides) : undefined;
    return raw?.type === 'text' ? [raw.text] : [];
  });
  const webhook = overrides['CRM_WEBHOOK_URL'] ?? env['CRM_WEBHOOK_URL'] ?? '';
  return [...new Set([...whole.flatMap((text) => [text, ...partsOf(text)]), ...passwordsOf(webhook)])];
}

function partsOf(text: string): readonly string[] {
  if (URL.canParse(text) && text.includes('://')) {
    const { password } = new URL(text);
    // What is wrongly encoded is taken as it is, where decodeURIComponent would throw.
    return [password, new URLSearchParams(`p=${password.replaceAll('+', '%2B')}`).get('p') ?? ''];
  }
  return text.split(/[\s,]+/).flatMap((part) => [part, part.slice(part.indexOf('=') + 1)]);
}

/** Nobody writes names of this length into an address: webhooks often have their password there. */
const NO_NAME = 20;

/** The parts of an address's path and query that are long enough to be passwords. */
export const passwordsOf = (text: string): readonly string[] => {
  if (!URL.canParse(text)) return [];
  const { pathname, searchParams, password } = new URL(text);
  return [...pathname.split('/'), ...searchParams.values(), password].filter(({ length }) => length >= NO_NAME);
};
