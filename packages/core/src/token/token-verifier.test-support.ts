import type { webcrypto } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { audience, goodClaims, issuer } from './good-claims.test-support.ts';
import { createLocalKeySource } from './key-source.ts';
import { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';

interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
  readonly pem: string;
}

async function createKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  return { privateKey, jwk, pem: await exportSPKI(publicKey) };
}

export const [ours, theirs] = await Promise.all([createKey('ours'), createKey('theirs')]);
/** What verifiers of a test accept. */
export const keys: JSONWebKeySet = { keys: [ours.jwk] };

export function createVerifier(options: Partial<TokenVerifierOptions> = {}): TokenVerifier {
  return createTokenVerifier({ issuer, audience, keys: createLocalKeySource(keys), ...options });
}

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** Signs anything: claims of wrong types and headers that no library would write. */
export async function sign(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: SigningKey = ours,
): Promise<string> {
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid, ...header };
  return signInput(`${encode(protectedHeader)}.${encode({ ...goodClaims(), ...claims })}`, key);
}

export async function signInput(input: string, key: SigningKey): Promise<string> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, key.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
