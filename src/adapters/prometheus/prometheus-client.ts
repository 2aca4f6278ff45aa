import { isObject, type Json } from '#core/json.ts';

export type PrometheusServer = {
  readonly url: string;
  /** Sent as a bearer token; null: none. */
  readonly token: string | null;
};

/** Runs an instant query. */
export type PrometheusQuery = (query: string, signal: AbortSignal) => Promise<Figure>;

/** The one figure that a query comes to, or in a clause why there is none. */
export type Figure =
  | { readonly type: 'figure'; readonly value: number }
  | { readonly type: 'none'; readonly problem: string };

/** Throws in a clause where Prometheus could not be asked; a query that comes to no figure is an answer. */
export function prometheusQuery({ url, token }: PrometheusServer, fetchBounded: typeof fetch): PrometheusQuery {
  const at = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
  return async (query, signal) => {
    const response = await ask(query, signal);
    const text = await response.text();
    const body = jsonIn(text);
    // A query that is no PromQL is the configuration's fault and not that of a Prometheus which is down; both are told.
    if (!response.ok || !isObject(body) || body['status'] !== 'success')
      throw new Error(`Prometheus says ${response.status}${errorIn(body)}`);
    return figureIn(body['data']);
  };

  async function ask(query: string, signal: AbortSignal): Promise<Response> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    try {
      return await fetchBounded(at, { method: 'POST', headers, body: new URLSearchParams({ query }), signal });
    } catch (error) {
      throw new Error(`Prometheus ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const errorIn = (body: Json | undefined): string =>
  isObject(body) && typeof body['error'] === 'string' ? `: ${body['error'].slice(0, 300)}` : '';

function figureIn(data: Json | undefined): Figure {
  const { resultType, result } = isObject(data) ? data : {};
  if (resultType === 'scalar') return numberIn(result);
  if (resultType !== 'vector' || !Array.isArray(result))
    return none(`it comes to a ${typeof resultType === 'string' ? resultType : 'nothing'} and not to one figure`);
  const [series, ...others] = result as readonly Json[];
  if (series === undefined) return none('it returns nothing');
  if (others.length > 0) return none(`it returns ${result.length} series; sum them to one`);
  return numberIn(isObject(series) ? series['value'] : undefined);
}

function numberIn(sample: Json | undefined): Figure {
  const text = Array.isArray(sample) ? String(sample[1]) : 'nothing';
  const value = Number(text);
  return Number.isFinite(value) ? { type: 'figure', value } : none(`it comes to ${text}`);
}

const none = (problem: string): Figure => ({ type: 'none', problem });
