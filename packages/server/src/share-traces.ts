import type { Broadcast } from '@sallyport/core';
import type { GatewayTrace, GatewayTraces } from '@sallyport/gateway';

/**
 * Tells other gateways of the requests of this one, and keeps theirs beside its own, so that each lists all requests of a
 * session. For presets: without one there are no traces, and nothing is sent. How many are kept is up to `traces`.
 */
export function shareTraces(traces: GatewayTraces, broadcast: Broadcast): GatewayTraces & { close(): void } {
  const leave = broadcast.listen((text) => {
    const shared = readShared(text);
    if (shared !== undefined) traces.record(shared.sid, shared.trace);
  });
  return {
    record: (sid, trace) => {
      traces.record(sid, trace);
      broadcast.send(JSON.stringify({ sid, trace }));
    },
    list: (sid) => traces.list(sid),
    close: leave,
  };
}

interface SharedTrace {
  readonly sid: string;
  readonly trace: GatewayTrace;
}

/** What is sealed was made by a gateway of this deployment; one of another version may have other members. */
function readShared(text: string): SharedTrace | undefined {
  const { sid, trace } = JSON.parse(text) as { sid?: unknown; trace?: Partial<Record<keyof GatewayTrace, unknown>> };
  const at = new Date(typeof trace?.at === 'string' ? trace.at : Number.NaN);
  if (typeof sid !== 'string' || trace === undefined || Number.isNaN(at.getTime())) return undefined;
  const isWhole =
    [trace.requestId, trace.method, trace.route, trace.path, trace.decision].every((one) => typeof one === 'string') &&
    Array.isArray(trace.stages);
  return isWhole ? { sid, trace: { ...(trace as unknown as GatewayTrace), at } } : undefined;
}
