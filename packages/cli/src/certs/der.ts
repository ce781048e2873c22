/** What of an ASN.1 structure is written once and put into others. */
export type Der = Buffer<ArrayBuffer>;

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element in DER (X.690): tag, length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Der {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Der => element(tags.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Der => element(tags.set, ...items);
export const octetString = (content: Uint8Array): Der => element(tags.octetString, content);
export const utf8String = (text: string): Der => element(tags.utf8String, Buffer.from(text, 'utf8'));
export const booleanTrue = (): Der => element(tags.boolean, Buffer.from([0xff]));
export const enumerated = (value: number): Der => element(tags.enumerated, Buffer.from([value]));

/** A string of bits, of which the last `unusedBits` do not count. */
export const bitString = (content: Uint8Array, unusedBits = 0): Der =>
  element(tags.bitString, Buffer.from([unusedBits]), content);

/** A member that has its tag instead of the one of its type. */
export const implicit = (member: number, content: Uint8Array): Der => element(0x80 | member, content);

/** The same, for a type that consists of elements. */
export const implicitConstructed = (member: number, ...items: readonly Uint8Array[]): Der =>
  element(0xa0 | member, ...items);

/** A number that is not negative, from its bytes: without zeros in front, and with one where the first bit is set. */
export function unsignedInteger(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const significant = start === -1 ? Buffer.from([0]) : bytes.subarray(start);
  const sign = (significant[0] ?? 0) >= 0x80 ? [0] : [];
  return element(tags.integer, Buffer.from(sign), significant);
}

/** An identifier such as `2.5.29.17`. */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(tags.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A point in time, to the second, in the form that RFC 5280, section 4.1.2.5 demands for its year. */
export function time(date: Date): Der {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? element(tags.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : element(tags.generalizedTime, Buffer.from(digits, 'ascii'));
}

/** Reads a point in time that {@link time} wrote. */
export function readTime(der: Buffer): Date {
  const digits = contentOf(der).toString('ascii');
  const full = der[0] === tags.utcTime ? `20${digits}` : digits;
  return new Date(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** The elements inside one element. For what this command line or OpenSSL wrote; throws for what is cut short. */
export function elementsOf(der: Buffer): readonly Buffer[] {
  const elements: Buffer[] = [];
  let rest = contentOf(der);
  while (rest.length > 0) {
    const { end } = extentOf(rest);
    elements.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return elements;
}

/** What stands in one element. */
export function contentOf(der: Buffer): Buffer {
  const { start, end } = extentOf(der);
  return der.subarray(start, end);
}

function extentOf(der: Buffer): { readonly start: number; readonly end: number } {
  const first = der[1] ?? Number.NaN;
  const lengthSize = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + lengthSize;
  const end = start + (lengthSize === 0 ? first : der.readUIntBE(2, lengthSize));
  if (!(end <= der.length)) throw new RangeError('the structure is cut short');
  return { start, end };
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes = bigEndian(length);
  return [0x80 | bytes.length, ...bytes];
}

function bigEndian(value: number): readonly number[] {
  return value < 0x100 ? [value] : [...bigEndian(Math.floor(value / 0x100)), value % 0x100];
}

function base128(value: number): readonly number[] {
  const low = value % 0x80;
  return value < 0x80 ? [low] : [...base128(Math.floor(value / 0x80)).map((byte) => byte | 0x80), low];
}
