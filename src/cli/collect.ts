import type { Environment } from './environment.ts';
import { isFailure, wrongUsage, type Failure } from './failure.ts';
import type { Collection } from '#application/input-fields.ts';
import type { Input } from './request.ts';

/** What the server takes is far less; this only keeps a wrong file from being read whole into a request. */
const MOST_CHARACTERS = 1_000_000;

/** The input of a verb with a list of objects: the item that the flags describe, or those of the file. */
export async function collect(
  environment: Environment,
  { name, fields }: Collection,
  values: Input,
  file: string | undefined,
): Promise<Input | Failure> {
  const ofItem = new Set(fields.map((field) => field.name));
  const item = Object.fromEntries(Object.entries(values).filter(([key]) => ofItem.has(key)));
  const others = Object.fromEntries(Object.entries(values).filter(([key]) => !ofItem.has(key)));
  if (file === undefined) {
    const missing = fields.find((field) => field.required && item[field.name] === undefined);
    return missing
      ? wrongUsage(`--${missing.flag} is not given.`, 'Give it, or a file with --file.')
      : { ...others, [name]: [item] };
  }
  const [given] = fields.filter((field) => item[field.name] !== undefined);
  if (given) return wrongUsage(`--${given.flag} and --file are both given.`, `A file holds all of its ${name}.`);
  const items = await itemsOf(environment, name, file);
  return isFailure(items) ? items : { ...others, [name]: items };
}

async function itemsOf(environment: Environment, name: string, file: string): Promise<readonly unknown[] | Failure> {
  const text = await textOf(environment, file);
  if (isFailure(text)) return text;
  if (text.length > MOST_CHARACTERS)
    return wrongUsage(`${file} has ${text.length} characters; the most is ${MOST_CHARACTERS}.`, 'Send it in parts.');
  try {
    const value = JSON.parse(text) as unknown;
    if (Array.isArray(value)) return value as readonly unknown[];
    if (typeof value !== 'object' || value === null) return wrongUsage(`${file} holds no ${name}.`);
    const wrapped = (value as Input)[name];
    return Array.isArray(wrapped) ? (wrapped as readonly unknown[]) : [value];
  } catch (error) {
    return wrongUsage(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** The text of a file; `-` is standard input. */
export async function textOf(
  { readFile, readInput }: Pick<Environment, 'readFile' | 'readInput'>,
  file: string,
): Promise<string | Failure> {
  if (file === '-') return readInput();
  try {
    return readFile(file) ?? wrongUsage(`There is no file ${file}.`);
  } catch (error) {
    return wrongUsage(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
