import { hash } from 'node:crypto';
import { createPerConnection } from '../per-connection.ts';

interface KnownCredential {
  readonly credential: string;
  readonly key: string;
}

/**
 * Builds the function that turns a credential into the key under which its caller is remembered: a hash, so that the cache
 * holds no credential. The last one of each connection is kept with the connection, because the hash costs more than the
 * rest of a hit.
 *
 * @param kind of credential: keys of different kinds differ.
 */
export function createCredentialKeys(kind: string): (credential: string, connection: object | undefined) => string {
  const lastOf = createPerConnection<KnownCredential>(`last ${kind}`);
  const toKey = (credential: string): string => `${kind} ${hash('sha256', credential, 'base64url')}`;
  return (credential, connection) => {
    if (connection === undefined) return toKey(credential);
    const last = lastOf.get(connection);
    if (last?.credential === credential) return last.key;
    const key = toKey(credential);
    lastOf.set(connection, { credential, key });
    return key;
  };
}
