import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { isPrivateAddress } from '../network/private-address.ts';
import type { ResolveHost } from '../network/resolve-host.ts';
import type { PostgresAddress } from './postgres-url.ts';

/** How a connection is protected, and why. */
export interface DecidedEncryption {
  readonly ssl: false | ConnectionOptions;
  /** Plain text that nothing in the address asks for: no public address may be connected to. */
  readonly isPrivateOnly: boolean;
  readonly isPublic: boolean;
}

/**
 * Decides whether connections are encrypted. A name counts as private when all of its addresses are.
 *
 * Rejects when a name that decides cannot be resolved.
 */
export async function decideEncryption(
  { host, encryption }: Pick<PostgresAddress, 'host' | 'encryption'>,
  resolve: ResolveHost,
): Promise<DecidedEncryption> {
  if (host.startsWith('/')) return { ssl: false, isPrivateOnly: false, isPublic: false };
  const isPublic = !(await isPrivateHost(host, resolve));
  if (encryption.kind === 'off') return { ssl: false, isPrivateOnly: false, isPublic };
  if (encryption.kind === 'by-address' && !isPublic) return { ssl: false, isPrivateOnly: true, isPublic };
  return { ssl: encryption.tls, isPrivateOnly: false, isPublic };
}

async function isPrivateHost(host: string, resolve: ResolveHost): Promise<boolean> {
  if (isIP(host.replace(/%.*$/, '')) !== 0) return isPrivateAddress(host);
  const found = await resolve(host);
  return found.length > 0 && found.every(({ address }) => isPrivateAddress(address));
}
