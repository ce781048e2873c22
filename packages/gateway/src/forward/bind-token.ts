import { boundCertificateOf, type TokenMint } from '../credentials/token-mint.ts';
import type { RequestState } from '../pipeline/request-state.ts';
import type { TokenShape } from '../routing/token-shape.ts';

/** Binds the token of a request to the certificate of the connection that it goes over. */
export interface TokenBinding {
  /**
   * Makes the token anew where the gateway presents another certificate by now: while a body was held, or between two
   * tries. A connection that is opened later would show that one, and the service refuse the token.
   */
  renew(state: RequestState): void;
}

export interface TokenBindingParts {
  readonly mint: TokenMint;
  /** `x5t#S256` of the certificate that the gateway presents now. */
  readonly thumbprint: () => string | undefined;
}

/** Builds the binding of a route whose tokens hold over its connections alone. */
export function createTokenBinding(shape: TokenShape, { mint, thumbprint }: TokenBindingParts): TokenBinding {
  return {
    renew: (state) => {
      const { token, caller } = state;
      if (token === undefined || caller.kind === 'anonymous' || boundCertificateOf(token) === thumbprint()) return;
      // The token of a delivery is never remembered for another one.
      const notAfter = state.delivery === undefined ? state.notAfter : Infinity;
      state.token = mint.mint(caller, shape, notAfter).token;
    },
  };
}

/** Puts another token into headers that were written. */
export function replaceAuthorization(headers: string[], authorization: string): void {
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    if (headers[index] !== 'authorization') continue;
    headers[index + 1] = authorization;
    return;
  }
}
