import { jsonText } from './clean.ts';

/**
 * JSON values as YAML 1.2 in block style. Text stands plain only where no reader could take it for something else;
 * otherwise it is a JSON string, which YAML reads as it is.
 */
export const yamlText = (value: unknown): string => `${lines(value).join('\n')}\n`;

function lines(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item) => lines(item).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`)));
  if (isFilledObject(value)) return Object.entries(value).flatMap(([key, item]) => entry(scalar(key), item));
  return [scalar(value)];
}

function entry(key: string, value: unknown): readonly string[] {
  const inner = lines(value);
  const isBlock = (Array.isArray(value) && value.length > 0) || isFilledObject(value);
  return isBlock ? [`${key}:`, ...inner.map((line) => `  ${line}`)] : [`${key}: ${inner[0] ?? ''}`];
}

const isFilledObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;

const PLAIN = /^[A-Za-z_]([A-Za-z0-9_ ./-]*[A-Za-z0-9_])?$/;
/** Words that some YAML readers take for booleans or null. */
const TAKEN = /^(y|n|yes|no|on|off|true|false|null)$/i;

const scalar = (value: unknown): string =>
  typeof value === 'string' && PLAIN.test(value) && !TAKEN.test(value) ? value : jsonText(value);
