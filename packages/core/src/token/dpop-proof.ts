import { createHash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  EmbeddedJWK,
  jwtVerify,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import * as z from 'zod';
import { dpopAlgorithms } from './dpop-algorithms.ts';

/** How far `iat` may be from now, in both directions, in seconds (RFC 9449, section 11.1). */
export const dpopWindowSeconds = 60;

/** Longer than a proof with the largest key. */
const maxProofLength = 4096;

const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Members of a key that its holder keeps (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

const claimsSchema = z.object({
  jti: z.string().min(1).max(512),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  ath: z.string().optional(),
  nonce: z.string().max(512).optional(),
});

/** The request that a proof has to be for. */
export interface DpopTarget {
  readonly method: string;
  /** Origins of this server, as its configuration says: the `Host` of a request would be what its sender says. */
  readonly origins: ReadonlySet<string>;
  /** As it came, without its query. */
  readonly path: string;
  /** The access token that it is presented with. */
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether this server gave a nonce out, where it demands one. @default it demands none */
  readonly isGivenOut?: ((nonce: string) => boolean) | undefined;
}

/** A proof that holds. */
export interface DpopProof {
  readonly kind: 'valid';
  /** Thumbprint of its key (RFC 7638). */
  readonly jkt: string;
  /** Its id, of this key. */
  readonly jti: string;
}

/** Why a proof does not hold: a word for the log. */
export interface RefusedDpopProof {
  readonly kind: 'refused';
  readonly reason: string;
}

/** Why a proof that holds otherwise is worth nothing: it has no nonce of this server, or an old one. */
export interface DpopNonceRequired {
  readonly kind: 'nonce-required';
  readonly reason: string;
}

/**
 * Verifies a proof of possession (DPoP), all but one thing: that it was not used before.
 *
 * Of a proof with a nonce of this server the time is not judged: the nonce says when it was made, whatever the clock of the
 * client says. A nonce that this server does not demand says nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.3 RFC 9449, section 4.3}
 *
 * @example
 * const proof = await verifyDpopProof(header, {
 *   method: 'GET',
 *   origins: new Set(['https://app.example.com']),
 *   path: '/api/orders',
 *   accessToken,
 *   at: Date.now(),
 * });
 * const isHolder = proof.kind === 'valid' && proof.jkt === confirmation.jkt;
 */
export async function verifyDpopProof(
  proof: string,
  target: DpopTarget,
): Promise<DpopProof | RefusedDpopProof | DpopNonceRequired> {
  if (proof.length > maxProofLength || !compactJws.test(proof)) return refused('dpop-proof-malformed');
  const { alg, typ, jwk: key } = readHeader(proof);
  if (typ !== 'dpop+jwt') return refused('dpop-proof-type');
  if (!dpopAlgorithms.some((known) => known === alg)) return refused('dpop-proof-algorithm');
  if (key === undefined || typeof key !== 'object' || key === null) return refused('dpop-proof-without-key');
  if (privateMembers.some((name) => Object.hasOwn(key, name))) return refused('dpop-proof-private-key');
  const payload = await verifySignature(proof, target.at);
  if (payload === undefined) return refused('dpop-proof-signature');
  const { success, data: claims } = claimsSchema.safeParse(payload);
  if (!success) return refused('dpop-proof-claims');
  const { jti, htm, htu, iat, ath, nonce } = claims;
  if (htm !== target.method) return refused('dpop-proof-method');
  if (!isSameTarget(htu, target)) return refused('dpop-proof-url');
  if (ath !== hashOf(target.accessToken)) return refused('dpop-proof-token');
  const late = problemOfTime(target, iat, nonce);
  return late ?? { kind: 'valid', jkt: await calculateJwkThumbprint(key), jti };
}

function problemOfTime(
  { at, isGivenOut }: DpopTarget,
  iat: number,
  nonce: string | undefined,
): RefusedDpopProof | DpopNonceRequired | undefined {
  if (isGivenOut !== undefined) {
    if (nonce === undefined) return { kind: 'nonce-required', reason: 'dpop-nonce-missing' };
    return isGivenOut(nonce) ? undefined : { kind: 'nonce-required', reason: 'dpop-nonce-unknown' };
  }
  const age = at / 1000 - iat;
  if (Math.abs(age) <= dpopWindowSeconds) return undefined;
  return refused(age > 0 ? 'dpop-proof-old' : 'dpop-proof-of-the-future');
}

function readHeader(proof: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(proof);
  } catch {
    return {};
  }
}

async function verifySignature(proof: string, at: number): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...dpopAlgorithms],
      currentDate: new Date(at),
    });
    return payload;
  } catch {
    return undefined;
  }
}

/** Without query and fragment, and after normalization (RFC 3986, sections 6.2.2 and 6.2.3). */
function isSameTarget(htu: string, { origins, path }: DpopTarget): boolean {
  const url = URL.parse(htu);
  if (url === null || url.username !== '' || url.password !== '' || !origins.has(url.origin)) return false;
  return normalizePath(url.pathname) === normalizePath(URL.parse(path, url.origin)?.pathname ?? path);
}

/** One spelling of each path: escapes in capitals, and none of what needs none. */
function normalizePath(path: string): string {
  return path.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}

function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url');
}

function refused(reason: string): RefusedDpopProof {
  return { kind: 'refused', reason };
}
