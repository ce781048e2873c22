import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 62 to the power of 6 is more than 2 to the power of 32. */
const checksumLength = 6;

/**
 * Writes a secret that programs keep as `<prefix><body><checksum>`: a scanner of source code recognizes it by its prefix,
 * and by the checksum that it is no made-up text. The checksum protects nothing: each client can compute it.
 *
 * @example
 * toCheckedToken('sp_rt_', 'abc'); // 'sp_rt_abc' and six characters
 */
export function toCheckedToken(prefix: string, body: string): string {
  return prefix + body + checksumOf(prefix + body);
}

/** Reads the body of such a secret; `undefined` when the prefix or the checksum is another. Looks at the form alone. */
export function parseCheckedToken(prefix: string, text: string): string | undefined {
  if (!text.startsWith(prefix) || text.length <= prefix.length + checksumLength) return undefined;
  const end = text.length - checksumLength;
  return text.slice(end) === checksumOf(text.slice(0, end)) ? text.slice(prefix.length, end) : undefined;
}

/** CRC-32 in base 62, as GitHub writes it. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let written = '';
  while (written.length < checksumLength) {
    written = (digits[rest % 62] ?? '') + written;
    rest = Math.floor(rest / 62);
  }
  return written;
}
