import { OptionsError } from '@sallyport/core';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import type { Sealer, SealerFor } from '@sallyport/core';
import type { SecretVersion } from './secret-versions.ts';

interface VersionKeys {
  readonly version: number;
  readonly sealing: KeyObject;
  readonly hashing: KeyObject;
}

const initializationVectorLength = 12;
const authenticationTagLength = 16;
const sealedText = /^v1\.([1-9]\d{0,8})\.([A-Za-z0-9_-]+)$/;

/**
 * Builds the sealer of every purpose from the versions of the root secret, the one that writes first.
 *
 * Keys are derived with HKDF-SHA256, one per purpose, version and use. A text is sealed with AES-256-GCM, its context as
 * additional data, and says which version sealed it: `v1.<version>.<iv, ciphertext and tag>`. Hashes are HMAC-SHA256.
 *
 * @throws OptionsError when there is no version, or two have the same number.
 */
export function createSealer(versions: readonly SecretVersion[]): SealerFor {
  const secrets = versions.map(({ version, value }) => ({ version, value }));
  if (secrets.length === 0) throw new OptionsError('a sealer needs at least one version of the root secret');
  if (new Set(secrets.map(({ version }) => version)).size !== secrets.length)
    throw new OptionsError('two versions of the root secret have the same number');
  const sealers = new Map<string, Sealer>();

  return (purpose) => {
    const known = sealers.get(purpose);
    if (known !== undefined) return known;
    const sealer = createPurposeSealer(secrets.map((secret) => deriveKeys(secret, purpose)));
    sealers.set(purpose, sealer);
    return sealer;
  };
}

function deriveKeys({ version, value }: SecretVersion, purpose: string): VersionKeys {
  const derive = (use: string): KeyObject =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', value, '', `sallyport ${use} ${purpose}`, 32)));
  return { version, sealing: derive('seal'), hashing: derive('hash') };
}

function createPurposeSealer(keys: readonly VersionKeys[]): Sealer {
  const [newest] = keys;
  if (newest === undefined) throw new OptionsError('a sealer needs at least one version of the root secret');
  const hashUnder = ({ hashing }: VersionKeys, value: string): string =>
    createHmac('sha256', hashing).update(value).digest('base64url');

  return {
    seal: (plaintext, context) => seal(newest, plaintext, context),
    open: (sealed, context) => open(keys, sealed, context),
    hash: (value) => hashUnder(newest, value),
    hashes: (value) => keys.map((versionKeys) => hashUnder(versionKeys, value)),
  };
}

function seal({ version, sealing }: VersionKeys, plaintext: string, context: string): string {
  const vector = randomBytes(initializationVectorLength);
  const cipher = createCipheriv('aes-256-gcm', sealing, vector, { authTagLength: authenticationTagLength });
  cipher.setAAD(Buffer.from(context));
  const body = Buffer.concat([vector, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${version}.${body.toString('base64url')}`;
}

function open(keys: readonly VersionKeys[], sealed: string, context: string): string {
  const match = sealedText.exec(sealed);
  const versionKeys = keys.find(({ version }) => version === Number(match?.[1]));
  if (match?.[2] === undefined) throw new TypeError('this is not a sealed text');
  if (versionKeys === undefined) throw new TypeError(`version ${match[1]} of the root secret is gone`);
  const body = Buffer.from(match[2], 'base64url');
  if (body.length < initializationVectorLength + authenticationTagLength)
    throw new TypeError('this is not a sealed text');
  const decipher = createDecipheriv('aes-256-gcm', versionKeys.sealing, body.subarray(0, initializationVectorLength), {
    authTagLength: authenticationTagLength,
  });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(body.subarray(body.length - authenticationTagLength));
  const ciphertext = body.subarray(initializationVectorLength, body.length - authenticationTagLength);
  try {
    return decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new TypeError('the sealed text was changed, or belongs elsewhere, or the root secret is another', { cause });
  }
}
