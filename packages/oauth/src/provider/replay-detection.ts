import type Provider from 'oidc-provider';
import type { Artifacts } from './artifacts.ts';

/**
 * How much longer what was used once is remembered than the library asks for, in seconds. It takes proofs of the future, up
 * to five minutes ahead, and would forget them before they are too old.
 */
const remembersLongerSeconds = 300;

/** As long as the library takes a proof (RFC 9449), to both sides of now, in seconds. */
const proofSeconds = 300;

/**
 * Has the library remember what is good for one request, assertions of clients (RFC 7523, section 3) and proofs of
 * possession (RFC 9449, section 11.1), in one step: it would look first, and write afterwards, so that of two requests at
 * once both would be the first.
 */
export function detectReplays({ ReplayDetection }: Provider, artifacts: Artifacts): void {
  Object.assign(ReplayDetection, {
    unique: (issuer: string, jti: string, expiresAt: number) =>
      insertFirst(artifacts, issuer, jti, new Date((expiresAt + remembersLongerSeconds) * 1000)),
  });
}

/** The same for a proof that the library does not see: `true` for exactly one request. */
export function isFirstUse(artifacts: Artifacts, clientId: string, jti: string, at: Date): Promise<boolean> {
  const keptSeconds = proofSeconds + remembersLongerSeconds;
  return insertFirst(artifacts, clientId, jti, new Date(at.getTime() + keptSeconds * 1000));
}

function insertFirst(artifacts: Artifacts, issuer: string, jti: string, expiresAt: Date): Promise<boolean> {
  // What was used stays so, whatever becomes of the request.
  return artifacts.insert({ kind: 'ReplayDetection', id: JSON.stringify([issuer, jti]), payload: {}, expiresAt });
}
