import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { ClientCertificate } from '@sallyport/core';
import { sharedWeakMap } from '../shared-across-builds.ts';
import { rawRequest } from '../transports/raw-request.ts';
import { transportOf } from '../transports/transport-of.ts';

const certificates = sharedWeakMap<object, ClientCertificate>('certificates');

/**
 * The client certificate of a request, which the guard has verified. `undefined` where it had no reason to look: the handler
 * has no `@MutualTls`, its token is bound to none, and there is no `tokensFrom`.
 */
export function certificateOf(request: object): ClientCertificate | undefined {
  return certificates.get(rawRequest(request));
}

/**
 * Gives a handler the client certificate that the guard has verified, over HTTP and in GraphQL.
 *
 * @example
 * `@MutualTls('alone') @ServiceOnly() @Get('report') report(@CurrentCertificate() { spiffeId }: ClientCertificate) {}`
 */
export const CurrentCertificate: (...pipes: readonly (Type<PipeTransform> | PipeTransform)[]) => ParameterDecorator =
  // Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
  createParamDecorator((_data: undefined, context: ExecutionContext): ClientCertificate | undefined => {
    const call = transportOf(context.getType<string>())?.callOf(context);
    return call === undefined ? undefined : certificateOf(call);
  });

/** Notes the certificate of a request. Called by the guard only. */
export function rememberCertificate(request: object, certificate: ClientCertificate): void {
  certificates.set(request, certificate);
}
