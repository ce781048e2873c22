import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Sealer } from '../ports/sealing.ts';

/** Nonces that this server gives to clients for their proofs of possession (RFC 9449, sections 8 and 9). */
export interface DpopNonces {
  /** The one that is given out now. It is taken for three to four minutes. */
  current(): string;
  /** Whether it was given out some minutes ago at most, by any gateway with the same secret. */
  isGivenOut(nonce: string): boolean;
}

const stepMilliseconds = 60_000;
/** Steps around now in which a nonce is taken. */
const window = [-2, -1, 0, 1, 2] as const;

/**
 * Builds the nonces: none is stored, each follows from the secret and the time. Those of the provider, which its library
 * makes from the same secret, are the same ones, because clients keep one nonce for each origin.
 *
 * @param secret of 32 bytes.
 * @param clock milliseconds since 1970.
 */
export function createDpopNonces(secret: Uint8Array, clock: () => number): DpopNonces {
  let known: { readonly step: number; readonly nonces: readonly string[] } | undefined;
  const around = (): readonly string[] => {
    const step = Math.floor(clock() / stepMilliseconds);
    if (known?.step !== step) known = { step, nonces: window.map((distance) => nonceOf(secret, step + distance)) };
    return known.nonces;
  };
  return {
    current: () => around()[3] ?? '',
    isGivenOut: (nonce) => around().some((one) => isSame(one, nonce)),
  };
}

/** The secret of a deployment for its nonces. `sealer` is for the purpose `dpop-nonce`. */
export function toDpopNonceSecret(sealer: Pick<Sealer, 'hash'>): Buffer {
  return createHash('sha256').update(sealer.hash('nonces')).digest();
}

/** The purpose of that sealer. */
export const dpopNoncePurpose = 'dpop-nonce';

function nonceOf(secret: Uint8Array, step: number): string {
  const salt = Buffer.alloc(8);
  salt.writeBigInt64BE(BigInt(step));
  return Buffer.from(hkdfSync('sha256', secret, salt, 'DPoP', 32)).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
