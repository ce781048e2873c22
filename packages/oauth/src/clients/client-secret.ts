import { randomBytes } from 'node:crypto';
import { parseCheckedToken, toCheckedToken } from '@sallyport/core';

/** What a client secret begins with, and no other secret: a scanner of secrets knows it by that. */
export const clientSecretPrefix = 'sp_cs_';

/** The purpose of the sealer that hashes secrets. */
export const clientSecretPurpose = 'oauth-client-secret';

/** 24 bytes, and a checksum of six characters: letters and digits alone, which `client_secret_basic` has not to encode. */
const form = /^sp_cs_[0-9a-f]{48}[0-9A-Za-z]{6}$/;

/** Makes a client secret: the prefix, 192 random bits in hexadecimal, and a checksum of both. */
export function createClientSecret(): string {
  return toCheckedToken(clientSecretPrefix, randomBytes(24).toString('hex'));
}

/** Whether a text is a client secret by its form and its checksum: what is not is looked up nowhere. */
export function isClientSecret(text: string): boolean {
  return form.test(text) && parseCheckedToken(clientSecretPrefix, text) !== undefined;
}

/** How people tell secrets apart: the prefix and four characters, of which nothing can be computed. */
export function toClientSecretHint(secret: string): string {
  return secret.slice(0, clientSecretPrefix.length + 4);
}
