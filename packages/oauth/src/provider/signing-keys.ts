import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';
import type { KeySigner, RotatingKeyRing } from '@sallyport/core';

/** The keys of the provider in the ring. */
export type ProviderKeyRing = Pick<RotatingKeyRing, 'signer' | 'publicKeys' | 'maxAgeSeconds'>;

/** The keys of the ring, for the library: the first one signs, the others verify what they signed. */
export interface ProviderKeys {
  /** The same for as long as the keys are. */
  readonly version: string;
  readonly algorithm: KeySigner['alg'];
  readonly keys: readonly ExternalSigningKey[];
}

class RingKey extends ExternalSigningKey {
  readonly #publicKey: KeyObject;
  readonly #sign: (input: Uint8Array) => Uint8Array;

  constructor(jwk: JsonWebKey, sign: (input: Uint8Array) => Uint8Array) {
    super();
    this.#publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    this.#sign = sign;
    Object.assign(this, { kid: jwk['kid'], alg: jwk['alg'] });
  }

  override keyObject(): KeyObject {
    return this.#publicKey;
  }

  override sign(input: Uint8Array): Uint8Array {
    return this.#sign(input);
  }
}

/**
 * Reads which keys there are now. The private part of none of them leaves the ring.
 *
 * @throws SallyportError `SP_KEYS_UNAVAILABLE`, as the ring does.
 */
export function readProviderKeys(keyRing: ProviderKeyRing): ProviderKeys {
  const signer = keyRing.signer('oidc');
  const known = keyRing.publicKeys('oidc').keys;
  const isSigning = ({ kid }: { readonly kid?: string | undefined }): boolean => kid === signer.kid;
  const ordered = [...known.filter(isSigning), ...known.filter((key) => !isSigning(key))];
  return {
    version: ordered.map(({ kid }) => kid).join(' '),
    algorithm: signer.alg,
    keys: ordered.map(
      (key) => new RingKey(key as JsonWebKey, isSigning(key) ? (input) => signer.sign(input) : refuseToSign),
    ), // Public parts of the ring.
  };
}

function refuseToSign(): never {
  throw new TypeError('a key that retires, or is not known yet, signs nothing');
}
