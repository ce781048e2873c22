import { createPublicKey, type JsonWebKey } from 'node:crypto';
import * as z from 'zod';
import type { ClientKey } from './oauth-client.ts';

/** Members of a key that say what a signature is made with, and no public one does (RFC 7518, sections 6.2.2, 6.3.2, 6.4). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;
const curves: readonly unknown[] = ['P-256', 'P-384', 'P-521', 'Ed25519'];
const minRsaBits = 2048;
const maxKeys = 10;

const member = z.union([z.string().max(4096), z.array(z.string().max(100)).max(10)]);
const keySchema = z.record(z.string().max(40), member);

/** The public keys of a client: those of pairs alone, none that would sign, each with a `kid` of its own where there are several. */
export const clientKeySetSchema = z
  .strictObject({
    keys: z.array(keySchema).min(1, 'must hold a key').max(maxKeys, `must hold at most ${maxKeys} keys`),
  })
  .superRefine(({ keys }, context) => {
    for (const [index, key] of keys.entries()) {
      const problem = problemOfKey(key);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: ['keys', index], message: problem });
    }
    const kids = keys.map(({ kid }) => kid);
    if (keys.length > 1 && (kids.includes(undefined) || new Set(kids).size < kids.length))
      context.addIssue({ code: 'custom', path: ['keys'], message: 'must each have a "kid" of their own' });
  });

function problemOfKey(key: ClientKey): string | undefined {
  if (privateMembers.some((name) => Object.hasOwn(key, name)))
    return 'holds a private key: register the public one, and make a new pair, because this one was sent';
  if (key['use'] !== undefined && key['use'] !== 'sig') return 'must be for signatures ("use": "sig")';
  if (key['kty'] !== 'RSA' && !curves.includes(key['crv'])) return 'must be RSA, P-256, P-384, P-521 or Ed25519';
  try {
    const jwk = key as JsonWebKey; // What is not one is refused by the next line.
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' });
    const isShort = key['kty'] === 'RSA' && (asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits;
    return isShort ? `must have at least ${minRsaBits} bits` : undefined;
  } catch {
    return 'must be a JSON Web Key';
  }
}
