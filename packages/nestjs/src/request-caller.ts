import { IncomingMessage } from 'node:http';
import { anonymous, type Caller } from '@sallyport/core';
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { admissionOf } from './guard/connection-admission.ts';
import { sharedWeakMap } from './shared-across-builds.ts';
import { rawRequest } from './transports/raw-request.ts';
import { transportOf } from './transports/transport-of.ts';

/** On requests themselves: an entry of a WeakMap for each costs more than all else that is done with the caller. */
const callerKey = Symbol.for('@sallyport/nestjs:caller');
const callers = sharedWeakMap<object, Caller>('principals');

/** A request that carries its caller. Nothing but this file writes under the symbol. */
type CallerCarrier = IncomingMessage & { [callerKey]?: Caller };

/**
 * Who made a call: the principal that the guard verified, or the anonymous caller on a public route.
 * Takes the request of Express or of Fastify, or the `IncomingMessage` below it; for other transports the object that
 * carries the call, such as the socket of a WebSocket.
 */
export function callerOf(call: object): Caller {
  const raw = rawRequest(call);
  return rememberedCaller(raw) ?? admissionOf(raw)?.principal ?? anonymous;
}

/**
 * Gives a handler its caller, in every transport. Its type is `Principal` where the handler is guarded and `Caller` where
 * it is public.
 *
 * @example
 * `create(@CurrentPrincipal() principal: Principal, @Body({ schema }) body: NewProduct) {}`
 */
export const CurrentPrincipal: (...pipes: readonly (Type<PipeTransform> | PipeTransform)[]) => ParameterDecorator =
  // Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
  createParamDecorator((_data: undefined, context: ExecutionContext): Caller => callerOfContext(context));

/** Who made a call, in any transport. */
export function callerOfContext(context: ExecutionContext): Caller {
  const call = transportOf(context.getType<string>())?.callOf(context);
  return call === undefined ? anonymous : callerOf(call);
}

/** Notes who made a call. Called by the guard only. */
export function rememberCaller(call: object, caller: Caller): void {
  if (call instanceof IncomingMessage) (call as CallerCarrier)[callerKey] = caller;
  else callers.set(call, caller);
}

/** What the guard found out about a call before; `undefined` where it did not look yet. */
export function rememberedCaller(call: object): Caller | undefined {
  return call instanceof IncomingMessage ? (call as CallerCarrier)[callerKey] : callers.get(call);
}
