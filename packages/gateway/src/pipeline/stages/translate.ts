import { SallyportError } from '@sallyport/core';
import type { TokenMint } from '../../credentials/token-mint.ts';
import type { ResolvedRoute } from '../../routing/route-table.ts';
import { requestOf, routeOf, type Decision, type RequestState } from '../request-state.ts';

export interface TranslateParts {
  readonly mint: TokenMint;
}

/** Turns the credential of the caller into the token of the route's audience, and says where the request goes. */
export function translate(state: RequestState, { mint }: TranslateParts): Decision {
  const route = routeOf(state);
  if (requestOf(state).headers.isWebSocket) requireTunnel(state, route);
  if (route.destination.kind === 'mount') return { kind: 'mount', route };
  if (state.caller.kind !== 'anonymous') {
    const { token, isHit } = mint.mint(state.caller, route.destination.shape, state.notAfter);
    state.token = token;
    state.tokenCache = isHit ? 'hit' : 'miss';
  }
  return { kind: 'forward', route };
}

/** A WebSocket passes at the public listener, to an upstream: nothing of the gateway itself speaks it. */
function requireTunnel({ listener, isHandedOver }: RequestState, { destination }: ResolvedRoute): void {
  const isPossible = listener === 'public' && isHandedOver && destination.kind === 'upstream';
  if (!isPossible) throw new SallyportError('SP_UPGRADE_UNSUPPORTED', { reason: 'tunnel-not-possible' });
}
