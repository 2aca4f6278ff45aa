import { isObject, type Json, type JsonObject } from '../json.ts';

/** The connectors that a criterion is about: those it names, or (`all`) those that were installed, else the data sources. */
export function requiredConnectors(
  required: 'all' | readonly string[],
  { outputs, inputs }: { readonly outputs: JsonObject; readonly inputs: JsonObject },
): readonly string[] {
  if (required !== 'all') return [...new Set(required)];
  const installed = namesIn(outputs['installed_connectors']);
  return installed.length > 0 ? installed : namesIn(inputs['data_sources']);
}

function namesIn(list: Json | undefined): readonly string[] {
  if (!Array.isArray(list)) return [];
  const names = (list as readonly Json[]).flatMap((item) => {
    const name = isObject(item) ? (item['name'] ?? item['connector']) : item;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
  return [...new Set(names)];
}
