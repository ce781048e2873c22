import { networkOf } from '@sallyport/core';
import type { RequestState } from '../pipeline/request-state.ts';

/**
 * Says whose share of what is in flight a request takes: that of the network of its client. At the internal listener
 * a zone speaks for many, so there it is the session for which it calls; `undefined` where a service calls for none.
 */
export function clientKeyOf({ listener, clientAddress, caller }: RequestState): string | undefined {
  if (listener !== 'internal') return networkOf(clientAddress);
  return caller.kind === 'anonymous' ? undefined : caller.sid;
}

/** Whose requests belong together: those of a session or credential, and of strangers those of an address. */
export function affinityKeyOf({ caller, credential, clientAddress }: RequestState): string {
  if (caller.kind === 'anonymous') return clientAddress;
  return caller.sid ?? credential?.caller.credentialId ?? caller.id;
}
