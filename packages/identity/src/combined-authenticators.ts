import type { AuthenticatedCaller, Authenticator, CredentialKind } from '@sallyport/core';

/** Kinds of which several features may recognize one form each: access tokens, of which there are several issuers. */
export const kindsOfSeveral: ReadonlySet<CredentialKind> = new Set(['bearer', 'opaque']);

/**
 * Makes one authenticator of each kind: the gateway has one credential of a kind. Of several features the last one is asked
 * first, and the first one takes what no other recognizes.
 */
export function combineAuthenticators(all: readonly Authenticator[]): readonly Authenticator[] {
  const byKind = Map.groupBy(all, ({ kind }) => kind);
  return [...byKind.values()].flatMap((members) => (members.length > 1 ? combine(members) : members));
}

function combine(members: readonly Authenticator[]): Authenticator {
  const [first] = members;
  if (first === undefined) throw new TypeError('there is nothing to combine');
  const inTurn = members.toReversed();
  const ownerOf = (credential: string): Authenticator =>
    inTurn.find(
      (member) => member.recognize({ header: 'authorization', value: `Bearer ${credential}` }) === credential,
    ) ?? first;
  return {
    kind: first.kind,
    alwaysReadsStore: members.every(({ alwaysReadsStore }) => alwaysReadsStore === true),
    recognize(presented) {
      for (const member of inTurn) {
        const credential = member.recognize(presented);
        if (credential !== undefined) return credential;
      }
      return undefined;
    },
    authenticate: (credential) => ownerOf(credential).authenticate(credential),
    async recheck(credentialId): Promise<AuthenticatedCaller | null> {
      for (const member of inTurn) {
        const caller = await member.recheck(credentialId);
        if (caller !== null) return caller;
      }
      return null;
    },
    // Each leaves a credential alone that is another's.
    async recordUse(credentialId, at) {
      for (const member of inTurn) await member.recordUse?.(credentialId, at);
    },
  };
}
