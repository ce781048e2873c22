import { randomBytes } from 'node:crypto';
import { parseCheckedToken, toCheckedToken } from '@sallyport/core';

/** What an API key begins with, and no other secret: a scanner of secrets knows it by that. */
export const apiKeyPrefix = 'sp_key_';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 190 bits. */
const randomCharacters = 32;
const form = /^sp_key_[0-9A-Za-z]{38}$/;
/** Bytes from here on are drawn again, so that every character is as likely as any other. */
const firstBiasedByte = alphabet.length * 4;

/** Makes an API key: the prefix, 32 random characters, and a checksum of both in six. */
export function createApiKey(): string {
  let random = '';
  while (random.length < randomCharacters) {
    for (const byte of randomBytes(randomCharacters)) {
      if (byte < firstBiasedByte && random.length < randomCharacters) random += alphabet[byte % alphabet.length];
    }
  }
  return toCheckedToken(apiKeyPrefix, random);
}

/** Whether a text looks like an API key: asked of every request, so that it computes nothing. */
export function hasApiKeyForm(text: string): boolean {
  return form.test(text);
}

/**
 * Whether a text is an API key by its form and its checksum. What is mistyped, cut off or made up without knowing the
 * form is not looked up anywhere.
 */
export function isApiKey(text: string): boolean {
  return hasApiKeyForm(text) && parseCheckedToken(apiKeyPrefix, text) !== undefined;
}

/** How people tell keys apart: the prefix and four characters, of which nothing can be computed. */
export function toApiKeyHint(key: string): string {
  return key.slice(0, apiKeyPrefix.length + 4);
}
