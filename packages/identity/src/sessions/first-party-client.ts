import type { Caller, UserPrincipal } from '@sallyport/core';

/** `client_id` of first-party tokens: RFC 9068 requires one, and no OAuth client was involved. */
export const firstPartyClientId = 'sallyport-first-party';

/** Whether a caller is a program of the product's own, with an access token that its user signed in for. */
export function isFirstPartyProgram(caller: Caller): caller is UserPrincipal {
  if (caller.kind !== 'user' || caller.clientId !== firstPartyClientId) return false;
  return caller.credential === 'bearer' || caller.credential === 'opaque';
}
