/** The attributes of a span: plain values, never a URL, a header, a body or a secret. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** One piece of work in a trace, while it goes on. */
export interface TraceSpan {
  /** The W3C `traceparent` for services that are called in its course. */
  readonly traceparent: string;
  /** Whether it is exported; when not, nothing needs to be recorded for it. */
  readonly isSampled: boolean;
  /** Begins a call to another service, as a part of this work. */
  startCall(name: string): TraceSpan;
  /** Adds a part of this work that is over, by when it began after the whole and how long it took. */
  addPart(name: string, beganAfterMilliseconds: number, milliseconds: number, attributes?: SpanAttributes): void;
  end(name: string, attributes: SpanAttributes, isFailure: boolean): void;
}

/** How a trace goes on, or begins. */
export interface TraceParent {
  /** What the caller sent as `traceparent`, unchecked. */
  readonly traceparent: string | undefined;
  /** The id of a trace that begins here: 32 hexadecimal digits. */
  readonly traceId: string;
}

/** Where parts of the system record what they did for one request. Nothing that is traced may change what is decided. */
export interface Tracer {
  /** Begins the span of a request that arrived. */
  startRequest(parent: TraceParent): TraceSpan;
}
