import type { Received } from '#test/support/outbound/receiver.ts';

export type CollectedSpan = {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly failed: string | null;
  readonly attributes: { readonly [name: string]: string };
};

type Attribute = { readonly key: string; readonly value: { readonly [type: string]: unknown } };

/** What an OTLP/HTTP collector was sent, as JSON: the spans of all batches in the order in which they came. */
export const spansIn = (received: readonly Received[]): readonly CollectedSpan[] =>
  received
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => body.resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map((span) => ({
      name: String(span.name),
      kind: Number(span.kind),
      traceId: String(span.traceId),
      spanId: String(span.spanId),
      parentSpanId: String(span.parentSpanId ?? '') || null,
      failed: span.status?.code === 2 ? String(span.status.message) : null,
      attributes: Object.fromEntries(
        (span.attributes as readonly Attribute[]).map(({ key, value }) => [key, String(Object.values(value)[0])]),
      ),
    }));
