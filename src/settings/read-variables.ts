import { readFileSync, statSync } from 'node:fs';
import type { Environment } from './environment.ts';
import { finding, type Finding } from './findings.ts';
import { nearest } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import { variables, type Variable } from './variables.ts';

export type VariableValue = string | number | boolean;
export type VariableSource = 'environment' | 'command line';
export type Given = { readonly value: VariableValue; readonly source: VariableSource };

export type VariablesRead = {
  /** What was said, by name; defaults are not in here. */
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
};

/** What the environment and the command line (the same names, stronger) say, parsed by the table of variables. */
export function readVariables(env: Environment, overrides: Environment): VariablesRead {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  for (const variable of variables) {
    if (variable.usedBy !== 'server') continue;
    const raw = rawValue(variable, env, overrides);
    if (raw === undefined) continue;
    const { source } = raw;
    const parsed = raw.type === 'problem' ? raw : parseValue(variable, raw.text);
    if (parsed.type === 'value') given.set(variable.name, { value: parsed.value, source });
    else {
      const value = parsed.text === undefined ? undefined : variable.secret ? '(hidden)' : shown(parsed.text);
      const { allowed } = parsed;
      problems.push({ where: source, path: variable.name, ...(value === undefined ? {} : { value }), allowed });
    }
  }
  return { given, problems: [...problems, ...unknownOverrides(overrides)], findings: findingsAbout(env) };
}

type Raw = { readonly type: 'text'; readonly text: string } | Unfit;
type Unfit = { readonly type: 'problem'; readonly text?: string; readonly allowed: string };

export function rawValue(
  variable: Variable,
  env: Environment,
  overrides: Environment,
): (Raw & { readonly source: VariableSource }) | undefined {
  const { name, secret } = variable;
  const override = overrides[name];
  if (isSaid(override)) return { ...resolved(override, env), source: 'command line' };
  const direct = env[name];
  const file = secret ? env[`${name}_FILE`] : undefined;
  if (isSaid(direct) && isSaid(file))
    return { type: 'problem', allowed: `set either ${name} or ${name}_FILE, not both`, source: 'environment' };
  if (isSaid(direct)) return { ...resolved(direct, env), source: 'environment' };
  return isSaid(file) ? { ...fromFile(name, file), source: 'environment' } : undefined;
}

/** An empty variable is how shells and manifests say that there is none. */
const isSaid = (text: string | undefined): text is string => text !== undefined && text !== '';

// Neither Kubernetes nor most readers of env files expand ${NAME}; taken literally it would become the password.
function resolved(text: string, env: Environment): Raw {
  // Kubernetes leaves $(NAME) as it stands where NAME is not set before it in the same list.
  const unexpanded = /^\$\(([A-Za-z_][A-Za-z0-9_]*)\)$/.exec(text.trim())?.[1];
  if (unexpanded !== undefined)
    return { type: 'problem', allowed: `is $(${unexpanded}) itself: ${unexpanded} was not set where it was made` };
  const name = reference(text);
  if (name === undefined) return { type: 'text', text };
  const value = env[name];
  if (!isSaid(value)) return { type: 'problem', allowed: `refers to \${${name}}, but ${name} is not set` };
  return reference(value) === undefined
    ? { type: 'text', text: value }
    : { type: 'problem', allowed: `refers to \${${name}}, which is itself a reference; only one step is followed` };
}

const reference = (text: string): string | undefined => /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text.trim())?.[1];

const secretFileBytes = 64 * 1024;

function fromFile(name: string, path: string): Raw {
  try {
    if (statSync(path).size > secretFileBytes)
      return { type: 'problem', allowed: `${name}_FILE names ${path}, which is larger than ${secretFileBytes} bytes` };
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return text === ''
      ? { type: 'problem', allowed: `${name}_FILE names ${path}, which is empty` }
      : { type: 'text', text };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { type: 'problem', allowed: `${name}_FILE names ${path}, which cannot be read (${why})` };
  }
}

type Parsed = { readonly type: 'value'; readonly value: VariableValue } | Unfit;

export function parseValue(variable: Variable, text: string): Parsed {
  const { type, choices = [], min, secret } = variable;
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'integer':
    case 'number':
      return parseNumber(variable, text);
    case 'choice':
      return choices.includes(text)
        ? { type: 'value', value: text }
        : { type: 'problem', text, allowed: `must be ${choices.join(' or ')}` };
    case 'url':
      return isHttpUrl(text)
        ? { type: 'value', value: text }
        : { type: 'problem', text, allowed: 'must be an http or https URL' };
    case 'text':
      return secret && min !== undefined && text.length < min
        ? { type: 'problem', text, allowed: `must have at least ${min} characters` }
        : { type: 'value', value: text };
  }
}

function parseBoolean(text: string): Parsed {
  if (text === 'true' || text === '1') return { type: 'value', value: true };
  if (text === 'false' || text === '0') return { type: 'value', value: false };
  return { type: 'problem', text, allowed: 'must be true, false, 1 or 0' };
}

function parseNumber({ type, min, max }: Variable, text: string): Parsed {
  const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
  const fits =
    Number.isFinite(value) &&
    (type === 'number' || Number.isInteger(value)) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max);
  const range = min === undefined || max === undefined ? '' : ` from ${min} to ${max}`;
  // A shell cuts off a comment behind a value; docker's --env-file and a Kubernetes manifest keep it.
  const comment = /\s#/.test(text) ? '; what follows a # is no comment where no shell reads the file' : '';
  return fits
    ? { type: 'value', value }
    : { type: 'problem', text, allowed: `must be ${type === 'integer' ? 'an integer' : 'a number'}${range}${comment}` };
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const names = variables.map(({ name }) => name);
const known = new Set(variables.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));

function unknownOverrides(overrides: Environment): readonly Problem[] {
  const unknown = Object.keys(overrides).filter((name) => !names.includes(name));
  return unknown.map((path) => {
    const near = nearest(path, names);
    return {
      where: 'command line',
      path,
      allowed: `no such setting${near === undefined ? '' : `; did you mean ${near}?`}`,
    };
  });
}

function findingsAbout(env: Environment): readonly Finding[] {
  const said = Object.keys(env).filter((name) => isSaid(env[name]));
  const misspelt = said.filter((name) => name.startsWith('JOURNEY_') && !known.has(name) && !isInjected(name));
  return misspelt.map((name) => {
    const near = nearest(name, names);
    const hint = near === undefined ? 'Remove it.' : `Did you mean ${near}?`;
    return finding('environment.unknown', name, 'It is not a setting and is ignored.', hint);
  });
}

/** Kubernetes injects these for a Service called journey-orchestrator. */
const isInjected = (name: string): boolean => /_(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_(TCP|UDP)\w*)$/.test(name);
