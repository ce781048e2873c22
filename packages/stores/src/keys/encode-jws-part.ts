/** Encodes a header or a set of claims as a part of a compact JWS. */
export function encodeJwsPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
