import { randomUUID } from 'node:crypto';
import { rawRequest } from './transports/raw-request.ts';
import { sharedWeakMap } from './shared-across-builds.ts';

const requestIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const requestIds = sharedWeakMap<object, string>('request-ids');

/**
 * The id of a request: what the gateway sent as `X-Request-Id`, or one made here. The same for the whole request, so that a
 * service can put it on its own log lines.
 */
export function requestIdOf(request: object): string {
  const raw = rawRequest(request);
  const known = requestIds.get(raw);
  if (known !== undefined) return known;
  const id = sentRequestId(raw) ?? randomUUID();
  requestIds.set(raw, id);
  return id;
}

function sentRequestId(request: object): string | undefined {
  if (!('headers' in request) || typeof request.headers !== 'object' || request.headers === null) return undefined;
  const header: unknown = Reflect.get(request.headers, 'x-request-id');
  // Anything else could forge lines in a log that is read as text.
  return typeof header === 'string' && requestIdPattern.test(header) ? header : undefined;
}
