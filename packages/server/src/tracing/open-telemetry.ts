import { withTimeout, type Logger, type SpanAttributes, type Tracer, type TraceSpan } from '@sallyport/core';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';

export interface TracingOptions {
  /** The base address of an OTLP/HTTP collector, to which `/v1/traces` is added. */
  readonly endpoint: string;
  /** Share of requests whose trace is kept, 0 to 1. */
  readonly sampleRatio: number;
  readonly serviceName: string;
  readonly logger: Logger;
}

/** Traces that go to a collector. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what waits, for a bounded time. */
  close(): Promise<void>;
}

const traceparentSyntax = /^00-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}$/;
const isSampledFlag = 1;
const exportMilliseconds = 5000;
const closeMilliseconds = 3000;
const logIntervalMilliseconds = 60_000;

/**
 * Builds a tracer on OpenTelemetry. Spans are sent in batches, beside the requests; when the collector does not take
 * them, they are dropped beyond a bound.
 *
 * Which requests are sampled is decided here, by the trace id, and not by the flag of the caller: every client on the
 * internet could set that. A trace that begins here has the request id as its id.
 */
export function openTracing({ endpoint, sampleRatio, serviceName, logger }: TracingOptions): Tracing {
  const random = new RandomIdGenerator();
  let nextTraceId = '';
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: exportMilliseconds,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new TraceIdRatioBasedSampler(sampleRatio),
    idGenerator: { generateTraceId: () => nextTraceId, generateSpanId: () => random.generateSpanId() },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: withLoggedFailures(exporter, logger),
        maxQueueSize: 2048,
        scheduledDelayMillis: 1000,
        exportTimeoutMillis: exportMilliseconds,
      }),
    ],
  });
  const tracer = provider.getTracer('sallyport');
  return {
    tracer: {
      startRequest: ({ traceparent, traceId }) => {
        nextTraceId = traceId;
        const context = contextOf(traceparent);
        return toSpan(tracer, context, tracer.startSpan('request', { kind: SpanKind.SERVER }, context));
      },
    },
    close: () =>
      withTimeout(
        provider.shutdown().catch(() => {}),
        closeMilliseconds,
        () => {},
      ),
  };
}

function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId] = traceparentSyntax.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: isSampledFlag, isRemote: true });
}

function toSpan(tracer: OtelTracer, parent: Context, span: Span): TraceSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const context = trace.setSpan(parent, span);
  const begunAt = performance.timeOrigin + performance.now();
  const isSampled = (traceFlags & isSampledFlag) !== 0;
  return {
    traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`,
    isSampled,
    startCall: (name) => toSpan(tracer, context, tracer.startSpan(name, { kind: SpanKind.CLIENT }, context)),
    addPart: (name, beganAfterMilliseconds, milliseconds, attributes = {}) => {
      const startTime = begunAt + beganAfterMilliseconds;
      const part = tracer.startSpan(
        name,
        { kind: SpanKind.INTERNAL, startTime, attributes: present(attributes) },
        context,
      );
      part.end(startTime + milliseconds);
    },
    end: (name, attributes, isFailure) => {
      if (isSampled) {
        span.updateName(name);
        span.setAttributes(present(attributes));
        if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function present(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined),
  );
}

/** Logs failed exports, at most one a minute. Nothing else depends on them. */
function withLoggedFailures(exporter: SpanExporter, logger: Logger): SpanExporter {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const now = performance.now();
        if (result.code !== 0 && now - loggedAt > logIntervalMilliseconds) {
          loggedAt = now;
          logger.warn('traces are not taken by the collector', {
            event: 'trace-export-failed',
            reason: result.error?.name ?? 'unknown',
          });
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
