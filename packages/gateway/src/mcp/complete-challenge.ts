import type { ProtectedResource } from '@sallyport/core';

const resourceMetadata = /,?\s*resource_metadata=(?:"[^"]*"|[^\s,]+)/gi;

/**
 * Says in a challenge where the metadata of the protected resource is (RFC 9728, section 5.1), in place of what it said about
 * that before: the server behind a route cannot send clients to another authorization server.
 *
 * @param challenge value of `WWW-Authenticate`. What is no challenge of the Bearer or DPoP scheme stays.
 */
export function completeChallenge(challenge: string, { metadataUrl }: ProtectedResource): string {
  if (!/^(?:bearer|dpop)(?:\s|$)/i.test(challenge)) return challenge;
  const rest = challenge.replaceAll(resourceMetadata, '');
  const separator = rest.includes('=') ? ', ' : ' ';
  return `${rest}${separator}resource_metadata="${metadataUrl}"`;
}

/** The challenge of a request without a usable token: what to ask for, and where (RFC 6750, section 3). */
export function challengeForToken(challenge: string, resource: ProtectedResource): string {
  const { firstScopes } = resource;
  const scope = firstScopes.length === 0 ? '' : `, scope="${firstScopes.join(' ')}"`;
  return completeChallenge(challenge + scope, resource);
}
