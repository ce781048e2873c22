import { rawRequest } from '../transports/raw-request.ts';

/** A header of a request of Express or Fastify, or of the `IncomingMessage` below it; `undefined` unless it came once. */
export function headerOfRequest(request: object, name: string): string | undefined {
  const raw = rawRequest(request);
  const headers: unknown = 'headers' in raw ? raw.headers : undefined;
  if (typeof headers !== 'object' || headers === null || !Object.hasOwn(headers, name)) return undefined;
  const value: unknown = Reflect.get(headers, name);
  return typeof value === 'string' ? value : undefined;
}
