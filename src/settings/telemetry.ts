import type { Problem } from './problem.ts';
import type { TelemetrySettings } from './settings.ts';
import type { Values } from './values.ts';

export function telemetryOf({ text, number }: Values): TelemetrySettings | null {
  const endpoint = text('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === null) return null;
  return {
    endpoint,
    headers: Object.fromEntries(pairsIn(text('OTEL_EXPORTER_OTLP_HEADERS') ?? '')),
    serviceName: text('OTEL_SERVICE_NAME') ?? '',
    ratio: number('OTEL_TRACES_SAMPLER_ARG'),
  };
}

export function telemetryProblems({ text }: Values): readonly Problem[] {
  const headers = text('OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  return pairsIn(headers).every(([name, value]) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && value !== '')
    ? []
    : [
        {
          where: 'environment',
          path: 'OTEL_EXPORTER_OTLP_HEADERS',
          value: '(hidden)',
          allowed: 'must be headers as name=value, separated by commas',
        },
      ];
}

const pairsIn = (text: string): readonly (readonly [string, string])[] =>
  text
    .split(',')
    .filter((item) => item.trim() !== '')
    .map((item) => {
      const [name = '', ...value] = item.split('=');
      return [name.trim(), decoded(value.join('=').trim())];
    });

/** Values come percent-encoded, as in W3C baggage; what is not encoded stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
