import type { z } from 'zod';
import type { JourneyView } from '#application/view.ts';

export type View = z.output<typeof JourneyView>;

export type HistoryEvent = {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
};

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The public REST API under one token, as any program would use it. */
export type ApiClient = {
  readonly get: <T>(path: string) => Promise<T>;
  /** A refusal is an answer. */
  readonly post: <T>(path: string, body: unknown) => Promise<Answer<T>>;
};

export function apiClient(url: string, token: string, signal: AbortSignal): ApiClient {
  async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
    const said: unknown = await response.json();
    return response.ok ? { ok: true, value: said as T } : { ok: false, problem: said as Problem };
  }
  return {
    get: async <T>(path: string) => needed(`GET ${path}`, await call<T>('GET', path)),
    post: (path, body) => call('POST', path, body),
  };
}

/** The value, where a refusal means that the demo cannot go on. */
export function needed<T>(what: string, answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  const { status, code, detail, hint } = answer.problem;
  throw new Error(`${what} was refused with ${status} ${code}: ${detail} ${hint ?? ''}`.trim());
}
