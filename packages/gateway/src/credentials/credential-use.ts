import type { Authenticator, Logger } from '@sallyport/core';
import type { CredentialCache, KnownCredential } from './credential-cache.ts';

/** Notes that a credential was used. */
export type RecordCredentialUse = (authenticator: Authenticator, known: KnownCredential, at: number) => void;

const intervalMilliseconds = 60_000;

/**
 * Builds the recorder of uses: one write per credential and minute at most, never waited for. What is read anew with every
 * request, since a route or an outage of the bus asks for it, is not written more often either.
 */
export function createCredentialUseRecorder(
  lastUses: CredentialCache['lastUses'],
  logger: Logger,
): RecordCredentialUse {
  return (authenticator, known, at) => {
    if (authenticator.recordUse === undefined || at - known.useRecordedAt < intervalMilliseconds) return;
    const { credentialId } = known.caller;
    const id = `${authenticator.kind} ${credentialId}`;
    const last = lastUses.get(id) ?? -Infinity;
    known.useRecordedAt = last;
    if (at - last < intervalMilliseconds) return;
    known.useRecordedAt = at;
    lastUses.set(id, at);
    authenticator.recordUse(credentialId, new Date(at)).catch(() => {
      logger.warn('use of a credential was not recorded', { event: 'credential-use-lost', kind: authenticator.kind });
    });
  };
}
