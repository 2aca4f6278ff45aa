import { types, type CustomTypesConfig } from 'pg';

import type { Instant } from '#core/time.ts';

const DATE = 1082;
const INT8 = 20;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;

type Parse = (text: string) => unknown;

/**
 * How columns arrive: bigint as a number (an error beyond 2^53, rather than a wrong number), timestamptz as an Instant
 * (infinity as Infinity), date as its text (pg would make it midnight of the machine's time zone), numeric as text, the
 * rest as pg has it. Only for our clients: pg's own table is shared by everyone in the process.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) => {
    const own = format === 'binary' ? undefined : parsers.get(oid);
    return own ?? types.getTypeParser(oid, format as 'text');
  },
};

const parsers = new Map<number, Parse>([
  [DATE, String],
  [INT8, integer],
  [INT8_ARRAY, arrayOf(INT8_ARRAY, integer)],
  [TIMESTAMPTZ, instant],
  [TIMESTAMPTZ_ARRAY, arrayOf(TIMESTAMPTZ_ARRAY, (value) => (value instanceof Date ? value.getTime() : Number(value)))],
]);

/** An Instant as a parameter for a timestamptz. */
export const timestamptz = (at: Instant): string => new Date(at).toISOString();

function integer(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`The bigint ${String(value)} does not fit a number.`);
  return number;
}

// Sessions are in UTC, so that the text nearly always has this form; whatever else comes is left to pg's parser.
const UTC = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00$/;

function instant(text: string): Instant {
  const utc = UTC.exec(text);
  if (utc !== null) return Date.parse(`${utc[1]}T${utc[2]}Z`);
  const parsed: unknown = types.getTypeParser(TIMESTAMPTZ)(text);
  return parsed instanceof Date ? parsed.getTime() : Number(parsed);
}

function arrayOf(oid: number, element: (value: unknown) => number): Parse {
  const parseArray = types.getTypeParser(oid) as (text: string) => unknown;
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    return value === null ? null : element(value);
  };
  return (text) => convert(parseArray(text));
}
