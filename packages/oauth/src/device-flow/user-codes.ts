/**
 * The letters of a user code: consonants alone, so that no code is a word, and none is taken for a digit (RFC 8628, section
 * 6.1). Eight of them are 34 bits.
 */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;
const form = new RegExp(`^[${letters}]{${length}}$`);

/** What the library makes them with: its `base-20` are those letters. */
export const userCodeFormat = { charset: 'base-20', mask: '****-****' } as const;

/**
 * Reads a code as people type it: in any case, with or without the hyphen, with blanks.
 *
 * @returns `undefined` for a text that no code is, which is no try at one.
 * @example
 * parseUserCode('wdjb mjht'); // 'WDJBMJHT'
 */
export function parseUserCode(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const code = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}_.]/gu, '');
  return form.test(code) ? code : undefined;
}

/**
 * Writes a code as devices show it.
 *
 * @example
 * formatUserCode('WDJBMJHT'); // 'WDJB-MJHT'
 */
export function formatUserCode(code: string): string {
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`;
}
