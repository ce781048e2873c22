import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { transportOf } from '../transports/transport-of.ts';

/** The object of a call that carries its caller and its request id. A call without one has no caller either. */
export function callOf(host: ArgumentsHost): object {
  // A transport reads the arguments of a call alone, which a filter has as well as a guard.
  return transportOf(host.getType<string>())?.callOf(host as ExecutionContext) ?? host;
}

/**
 * The request of a call as its platform gives it to handlers, where `user` is looked for; `undefined` for calls without a
 * request.
 */
export function requestOf(host: ArgumentsHost): object | undefined {
  const transport = host.getType<string>();
  if (transport === 'http') return host.getArgByIndex<object>(0);
  if (transport !== 'graphql') return undefined;
  const context: unknown = host.getArgByIndex(2);
  if (typeof context !== 'object' || context === null) return undefined;
  const request: unknown = Reflect.get(context, 'req') ?? Reflect.get(context, 'request');
  return typeof request === 'object' && request !== null ? request : undefined;
}
