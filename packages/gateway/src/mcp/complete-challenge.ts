import type { ProtectedResource } from '@sallyport/core';

/** Clients look for it anywhere in the header, inside of other parameters and of quoted texts too. */
const resourceMetadata = /(?:,\s*)?resource_metadata\s*=\s*(?:"(?:[^"\\]|\\.)*"?|[^\s,"]*)/gi;

/**
 * Says in a challenge where the metadata of the protected resource is (RFC 9728, section 5.1), in place of what it said about
 * that before: the server behind a route cannot send clients to another authorization server.
 *
 * @param challenge value of `WWW-Authenticate`, which may hold several. What begins with a challenge of another scheme than
 *   Bearer or DPoP gets none.
 */
export function completeChallenge(challenge: string, { metadataUrl }: ProtectedResource): string {
  const rest = withoutMetadata(challenge);
  if (!/^(?:bearer|dpop)(?:\s|$)/i.test(rest)) return rest;
  const separator = rest.includes('=') ? ', ' : ' ';
  return `${rest}${separator}resource_metadata="${metadataUrl}"`;
}

/** Until nothing is left of it: what stands around the parameter may be one, once that is taken out. */
function withoutMetadata(challenge: string): string {
  const rest = challenge.replaceAll(resourceMetadata, '');
  if (rest !== challenge) return withoutMetadata(rest);
  // What was the first parameter leaves its comma behind.
  return rest.trimEnd().replace(/^(bearer|dpop) +, */i, '$1 ');
}

/** The challenge of a request without a usable token: what to ask for, and where (RFC 6750, section 3). */
export function challengeForToken(challenge: string, resource: ProtectedResource): string {
  const { firstScopes } = resource;
  const scope = firstScopes.length === 0 ? '' : `, scope="${firstScopes.join(' ')}"`;
  return completeChallenge(challenge + scope, resource);
}
