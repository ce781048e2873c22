import type { Principal, RevocationTarget } from '@sallyport/core';
import type { FeatureCredential } from '../credentials/feature-credential.ts';
import type { RequestState } from '../pipeline/request-state.ts';
import { targetsOf } from '../sessions/revocation-targets.ts';
import { isLive, type CachedSession, type SessionCache } from '../sessions/session-cache.ts';

/** What a stream was opened with, and ends with: a session, or the credential of a feature. */
export interface StreamAuthority {
  /** The same for all streams of one session or credential. */
  readonly key: string;
  readonly principal: Principal;
  /** Whatever ends it when it is revoked. */
  readonly endedBy: readonly RevocationTarget[];
  /** Milliseconds since 1970 after which it ends whatever the store says. */
  readonly expiresAt: number;
  /** Whether it lives, as far as is known without the store. */
  isLive(at: number): boolean;
  /**
   * Reads it again from the store itself: what is remembered may be what was true before an event, or an idle expiry that
   * requests have moved since. Resolves to `null` when it has ended.
   */
  readAnew(): Promise<StreamAuthority | null>;
}

/** The authority of a request; `undefined` for an anonymous caller. */
export function authorityOf({ session, credential }: RequestState, cache: SessionCache): StreamAuthority | undefined {
  if (session !== undefined) return ofSession(session, cache);
  return credential === undefined ? undefined : ofCredential(credential);
}

function ofSession(session: CachedSession, cache: SessionCache): StreamAuthority {
  const { principal } = session;
  return {
    key: `session ${principal.sid}`,
    principal,
    endedBy: targetsOf(principal),
    expiresAt: session.absoluteExpiresAt,
    isLive: (at) => isLive(session, at),
    readAnew: async () => {
      const { session: found } = await cache.findBySid(principal.sid, true);
      return found === null ? null : ofSession(found, cache);
    },
  };
}

function ofCredential(credential: FeatureCredential): StreamAuthority {
  const { kind, caller, recheck } = credential;
  const expiresAt = caller.expiresAt?.getTime() ?? Infinity;
  return {
    key: `${kind} ${caller.credentialId}`,
    principal: caller.principal,
    endedBy: [...targetsOf(caller.principal), ...caller.endedBy],
    expiresAt,
    isLive: (at) => at < expiresAt,
    readAnew: async () => {
      const found = await recheck();
      return found === null ? null : ofCredential({ ...credential, caller: found });
    },
  };
}
