import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyRing } from '@sallyport/core';

/** A key ring with one real ES256 key, made afresh for each test file. */
export function createTestKeyRing(): KeyRing {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid, alg: 'ES256', use: 'sig' }] };
  let signatureCount = 0;
  return {
    sign: (_use, type, claims) => {
      signatureCount++;
      const content = `${encode({ alg: 'ES256', typ: type, kid })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
    publicKeys: () => keys,
    get signatureCount() {
      return signatureCount;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
