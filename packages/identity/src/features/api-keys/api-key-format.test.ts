import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createApiKey, isApiKey, toApiKeyHint } from './api-key-format.ts';

/** As it stands in `docs/wire/api-key.md`, for scanners of secrets. */
const documentedPattern = /\bsp_key_[0-9A-Za-z]{38}\b/;

const alphabet = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

describe('an API key', () => {
  it('has the documented form, and no two are the same', () => {
    const keys = Array.from({ length: 1000 }, createApiKey);
    expect(new Set(keys).size).toBe(1000);
    for (const key of keys) {
      expect(isApiKey(key)).toBe(true);
      expect(documentedPattern.exec(`token = "${key}";`)?.[0]).toBe(key);
      expect(toApiKeyHint(key)).toBe(key.slice(0, 11));
    }
  });

  it('has every character of the alphabet with the same chance', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 4000; index++)
      for (const character of createApiKey().slice(7, 39)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    const expected = (4000 * 32) / 62;
    // Six standard deviations: a bias of the remainder would be a quarter.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
  });

  it('has the checksum that is documented', () => {
    // CRC-32 of the 39 characters before, in base 62.
    expect(isApiKey('sp_key_000000000000000000000000000000003rAP3o')).toBe(true);
    const body = 'sp_key_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef';
    expect(isApiKey(body + documentedChecksum(body))).toBe(true);
  });

  it('is none when any character of it is another', () => {
    const key = createApiKey();
    fc.assert(
      fc.property(fc.integer({ min: 7, max: key.length - 1 }), fc.constantFrom(...alphabet), (index, character) => {
        const changed = key.slice(0, index) + character + key.slice(index + 1);
        return changed === key || !isApiKey(changed);
      }),
    );
  });

  it.each([
    ['nothing', () => ''],
    ['the prefix alone', () => 'sp_key_'],
    ['one that was cut', () => createApiKey().slice(0, -1)],
    ['one with something behind it', () => `${createApiKey()}0`],
    ['one with a blank in front', () => ` ${createApiKey()}`],
    ['one with a line end', () => `${createApiKey()}\n`],
    ['one in capitals', () => createApiKey().toUpperCase()],
    ['one with another prefix', () => createApiKey().replace('sp_key_', 'sp_at_')],
    ['one of another alphabet', () => `sp_key_${'_'.repeat(38)}`],
    ['one that is made up', () => `sp_key_${'a'.repeat(38)}`],
    ['one that is very long', () => `sp_key_${'a'.repeat(100_000)}`],
  ])('is not %s', (_name, make) => {
    expect(isApiKey(make())).toBe(false);
  });
});

/** CRC-32 by its definition (IEEE 802.3, reflected), bit by bit: another implementation than the one under test. */
function documentedChecksum(body: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = BigInt((crc ^ 0xffffffff) >>> 0);
  let text = '';
  for (let index = 0; index < 6; index++) {
    text = (alphabet[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}
