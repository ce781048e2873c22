import { anonymous, type Caller, type Principal } from '@sallyport/core';
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { sharedWeakMap } from './shared-across-builds.ts';

const principals = sharedWeakMap<object, Principal>('principals');

/**
 * Who made a request: the principal that the guard verified, or the anonymous caller on a public route.
 * Takes the request of Express or of Fastify, or the `IncomingMessage` below it.
 */
export function callerOf(request: object): Caller {
  return principals.get(rawRequest(request)) ?? anonymous;
}

/**
 * Gives a handler its caller. Its type is `Principal` where the route is guarded and `Caller` where it is public.
 *
 * @example
 * `create(@CurrentPrincipal() principal: Principal, @Body({ schema }) body: NewProduct) {}`
 */
export const CurrentPrincipal: (...pipes: readonly (Type<PipeTransform> | PipeTransform)[]) => ParameterDecorator =
  // Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
  createParamDecorator((_data: undefined, context: ExecutionContext): Caller => {
    return callerOf(context.switchToHttp().getRequest<object>());
  });

/** Notes who made a request. Called by the guard only. */
export function rememberPrincipal(request: object, principal: Principal): void {
  principals.set(rawRequest(request), principal);
}

/** The `IncomingMessage` of a request: Fastify wraps it, Express extends it. */
export function rawRequest(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
