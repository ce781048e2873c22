import { parseBearerToken, SallyportError, type Principal, type TokenVerifier } from '@sallyport/core';
import { Inject, Injectable, Optional } from '@nestjs/common';
import passport from 'passport';
import { requireTokenPeer } from '../certificates/require-token-peer.ts';
import type { ServiceCertificates } from '../certificates/service-certificates.ts';
import { toHttpException } from '../errors/sallyport-http-exception.ts';
import { SERVICE_CERTIFICATES, TOKEN_VERIFIER } from '../injection-tokens.ts';
import { rememberCaller } from '../request-caller.ts';
import { rawRequest } from '../transports/raw-request.ts';

/**
 * The strategy `jwt` of Passport for the token that the gateway attaches, in place of passport-jwt: keys, issuer, audience
 * and revocations are those of the module. `AuthGuard('jwt')` asks it, and what `validate` returns becomes `request.user`:
 * the principal, unless a class of the application says otherwise.
 *
 * A key endpoint that is away is an error (503), and no failed authentication.
 *
 * @example
 * \@Injectable()
 * class OurJwtStrategy extends JwtStrategy {
 *   override validate({ id, roles }: Principal) {
 *     return { userId: id, roles };
 *   }
 * }
 */
@Injectable()
export class JwtStrategy {
  readonly #verifier: TokenVerifier;

  // Not by the constructor: a class of the application hands the verifier on, and would leave this out.
  @Optional() @Inject(SERVICE_CERTIFICATES) protected readonly certificates: ServiceCertificates | undefined;

  constructor(@Inject(TOKEN_VERIFIER) verifier: TokenVerifier) {
    this.#verifier = verifier;
    const identify = (request: PassportRequest): Promise<unknown> => this.#identify(request);
    passport.use('jwt', {
      authenticate(request: PassportRequest) {
        identify(request).then(
          // As with passport-jwt, a user that is false or missing is a failed authentication.
          (user) => (isUser(user) ? this.success(user) : this.fail(refusal('no-user'), 401)),
          (error: unknown) => (isRefusal(error) ? this.fail(toHttpException(error), 401) : this.error(error)),
        );
      },
    });
  }

  /** Makes of a caller what handlers find in `request.user`. `false` or `null` refuses the caller with 401. */
  validate(principal: Principal): unknown {
    return principal;
  }

  async #identify(request: PassportRequest): Promise<unknown> {
    const token = parseBearerToken(request.headers.authorization);
    if (token === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
    const principal = await this.#verifier.verify(token);
    const raw = rawRequest(request);
    requireTokenPeer(principal, this.certificates, raw);
    rememberCaller(raw, principal);
    return this.validate(principal);
  }
}

interface PassportRequest {
  readonly headers: { readonly authorization?: string | undefined };
}

function isUser(user: unknown): user is Express.User {
  return user !== undefined && user !== null && user !== false;
}

function refusal(reason: string): object {
  return toHttpException(new SallyportError('SP_UNAUTHENTICATED', { reason }));
}

/** Other strategies of a guard may still find a caller after this one did not; after a failure of ours none is asked. */
function isRefusal(error: unknown): error is SallyportError {
  return error instanceof SallyportError && error.status < 500;
}
