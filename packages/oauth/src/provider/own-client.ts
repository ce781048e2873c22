import type { Client } from 'oidc-provider';
import type { OwnClient } from './client-metadata.ts';

/** What is ours of a client of the library. */
export function ownClientOf(client: Client): OwnClient {
  return client as unknown as OwnClient; // `toClientMetadata` wrote it, and the library keeps it as it is.
}

/** Whether a client is the product's own. */
export function isFirstParty(client: Client): boolean {
  return ownClientOf(client).trust === 'first-party';
}
