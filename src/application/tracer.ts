/** What a span is of. Attributes hold ids and names, and nothing that anybody said. */
export type SpanOf = {
  readonly name: string;
  readonly kind: 'server' | 'internal' | 'client';
  /** A text that holds the traceparent to go on from; without one a trace begins. */
  readonly parent: string | null;
  readonly attributes: { readonly [name: string]: string | number };
};

export type Span = {
  /** W3C: `00-<trace id>-<span id>-<flags>`. */
  readonly traceparent: string;
  /** What was done did not come out well, though nothing was thrown. */
  readonly fail: (message: string) => void;
};

/**
 * Where time goes, for those who collect traces; null wherever nobody does. A traceparent travels as (part of) the request
 * id, which is recorded with each event anyway: so a trace outlives a process, and costs no row and no column.
 */
export type Tracer = {
  readonly span: <T>(of: SpanOf, work: (span: Span) => Promise<T>) => Promise<T>;
  /** A traceparent for something of the system's own; the first span that has it as its parent becomes that span. */
  readonly begin: () => string;
  readonly close: () => Promise<void>;
};

const TRACEPARENT = /00-([0-9a-f]{32})-[0-9a-f]{16}-0[01](?![0-9a-f])/;

export const traceparentIn = (text: string | null | undefined): string | null =>
  TRACEPARENT.exec(text ?? '')?.[0] ?? null;

/** What log lines call the trace: its id, or without tracing the request's. */
export const traceIdOf = (requestId: string): string => TRACEPARENT.exec(requestId)?.[1] ?? requestId;

/** What caused something that is done later, perhaps by another process: the request id of the event behind it. */
export type Causes = {
  readonly ofEvent: (clientId: string, seq: number) => Promise<string | null>;
  readonly ofAttempt: (attempt: {
    readonly clientId: string;
    readonly workId: string;
    readonly taskId: string;
  }) => Promise<string | null>;
};
