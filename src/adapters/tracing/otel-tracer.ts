import type { Context, SpanContext } from '@opentelemetry/api';
import { SECOND } from '#core/time.ts';
import type { SpanOf, Tracer } from '#application/tracer.ts';

export type OtelOptions = {
  /** Of an OTLP/HTTP collector; `/v1/traces` is appended. */
  readonly endpoint: string;
  readonly headers: { readonly [name: string]: string };
  readonly serviceName: string;
  readonly version: string;
  /** Of the traces that begin here; those that come in are followed as their callers want. */
  readonly ratio: number;
};

/** Traceparents that were given out and have no span yet; whoever asks for more gives up the oldest. */
const MOST_BEGUN = 10_000;
/** Spans that wait to be sent, and how long one call of the collector may take. What does not fit is dropped. */
const QUEUE = { maxQueueSize: 2_048, maxExportBatchSize: 512, scheduledDelayMillis: SECOND } as const;
const EXPORT_MS = 5 * SECOND;

/** OpenTelemetry over OTLP/HTTP. Its SDK is loaded here and not before, so that whoever traces nothing does not pay for it. */
export async function otelTracer({ endpoint, headers, serviceName, version, ratio }: OtelOptions): Promise<Tracer> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const random = new sdk.RandomIdGenerator();
  const begun = new Set<string>();
  /** The ids of the span that is just being started, which nothing can come between. */
  let reserved: SpanContext | undefined;
  const root = new sdk.TraceIdRatioBasedSampler(ratio);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    sampler: new sdk.ParentBasedSampler({ root }),
    idGenerator: {
      generateTraceId: () => reserved?.traceId ?? random.generateTraceId(),
      generateSpanId: () => reserved?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        ...QUEUE,
        exporter: new OTLPTraceExporter({
          url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
          headers: { ...headers },
          timeoutMillis: EXPORT_MS,
        }),
      }),
    ],
  });
  const tracer = provider.getTracer('journey-orchestrator', version);
  const kinds = { server: api.SpanKind.SERVER, internal: api.SpanKind.INTERNAL, client: api.SpanKind.CLIENT };

  function start({ name, kind, parent, attributes }: SpanOf) {
    const given = contextIn(parent);
    const isBegun = given !== undefined && begun.delete(textOf(given));
    reserved = isBegun ? given : undefined;
    const context: Context =
      given === undefined || isBegun
        ? api.ROOT_CONTEXT
        : api.trace.setSpanContext(api.ROOT_CONTEXT, { ...given, isRemote: true });
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, context);
    reserved = undefined;
    return span;
  }

  return {
    span: async (of, work) => {
      const span = start(of);
      const fail = (message: string): void => void span.setStatus({ code: api.SpanStatusCode.ERROR, message });
      try {
        return await work({ traceparent: textOf(span.spanContext()), fail });
      } catch (error) {
        // What was thrown may say what somebody said; its name does not.
        fail(error instanceof Error ? error.name : 'error');
        throw error;
      } finally {
        span.end();
      }
    },
    begin: () => {
      const traceId = random.generateTraceId();
      const { decision } = root.shouldSample(api.ROOT_CONTEXT, traceId);
      const traceFlags = decision === sdk.SamplingDecision.RECORD_AND_SAMPLED ? api.TraceFlags.SAMPLED : 0;
      const traceparent = textOf({ traceId, spanId: random.generateSpanId(), traceFlags });
      begun.add(traceparent);
      const [oldest] = begun;
      if (begun.size > MOST_BEGUN && oldest !== undefined) begun.delete(oldest);
      return traceparent;
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

const TRACEPARENT = /00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])(?![0-9a-f])/;

function contextIn(text: string | null): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(text ?? '') ?? [];
  // All zeros are no ids.
  return /[^0]/.test(traceId) && /[^0]/.test(spanId) ? { traceId, spanId, traceFlags: Number(flags) } : undefined;
}

const textOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-0${(traceFlags & 1).toString()}`;
