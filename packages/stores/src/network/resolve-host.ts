import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { SallyportError } from '@sallyport/core';
import { isPrivateAddress } from './private-address.ts';

/** Finds the addresses of a name. Rejects as `dns.lookup` does. */
export type ResolveHost = (name: string) => Promise<readonly ResolvedAddress[]>;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Asks the resolver of the machine, and with it its hosts file. */
export const resolveBySystem: ResolveHost = (name) => lookup(name, { all: true });

/**
 * Makes what a socket finds addresses with.
 *
 * @param isPrivateOnly whether a name that leads to any other address is refused with the reason `public-address`.
 */
export function createLookup(resolve: ResolveHost, isPrivateOnly: boolean): LookupFunction {
  const find = async (name: string): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> => {
    const [first, ...others] = await resolve(name);
    const isRefused = isPrivateOnly && ![first, ...others].every((found) => isPrivateAddress(found?.address ?? ''));
    if (first === undefined || isRefused)
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'public-address' });
    return [first, ...others];
  };
  return (name, { all = false }, callback) => {
    const answer = async (): Promise<() => void> => {
      try {
        const [first, ...others] = await find(name);
        return all ? () => callback(null, [first, ...others]) : () => callback(null, first.address, first.family);
      } catch (error) {
        return () => callback(error instanceof Error ? error : new Error('no address'), '', 0);
      }
    };
    // What the socket throws is not ours to catch.
    void answer().then((call) => setImmediate(call));
  };
}
