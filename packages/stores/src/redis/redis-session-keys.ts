import type { Sealer } from '@sallyport/core';

/** Names of the keys under which sessions and their indexes are kept. */
export interface SessionKeys {
  session(sid: string): string;
  token(tokenHash: string): string;
  /** The index of a user's sessions, as it is written. */
  subject(subject: string): string;
  /** The index of a user's sessions, under every version of the secret. */
  subjects(subject: string): readonly string[];
  /** The index of absolute expiries in which a session is. */
  expiry(sid: string): string;
  expiryShard(shard: number): string;
}

/** The index of absolute expiries is spread over this many keys. */
export const expiryShards = 16;

/** Names the keys. Those that a user could be read from carry a hash instead. */
export function createSessionKeys(prefix: string, sealer: Sealer): SessionKeys {
  const subjects = (subject: string): readonly string[] =>
    sealer.hashes(`subject\n${subject}`).map((hash) => `${prefix}u:${hash}`);
  const expiryShard = (shard: number): string => `${prefix}x:${shard.toString(16)}`;
  return {
    session: (sid) => `${prefix}s:${sid}`,
    token: (tokenHash) => `${prefix}t:${tokenHash}`,
    subject: (subject) => subjects(subject)[0] ?? '',
    subjects,
    expiry: (sid) => expiryShard((sid.codePointAt(sid.length - 1) ?? 0) % expiryShards),
    expiryShard,
  };
}
