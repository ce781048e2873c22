import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyRing } from '@sallyport/core';

/** One ES256 key in memory, signing with `node:crypto` at once, as the real key ring does. */
export function createStandInKeyRing(): KeyRing {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = 'benchmark';
  let signatureCount = 0;

  return {
    sign(_use, type, claims) {
      signatureCount += 1;
      const content = `${encode({ alg: 'ES256', typ: type, kid })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
    publicKeys: () => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid, alg: 'ES256', use: 'sig' }],
    }),
    get signatureCount() {
      return signatureCount;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
