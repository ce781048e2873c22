/** One element of DER: its tag, its content, and all of its bytes. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly bytes: Buffer;
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** The class and number of an element with a context-specific tag that holds other elements. */
export function explicitTag(number: number): number {
  return 0xa0 | number;
}

/** Bytes that are not the distinguished encoding that they have to be. */
export class DerError extends Error {
  override readonly name: string = 'DerError';
}

/**
 * Reads the elements that stand one after the other. Only what has exactly one encoding is read: an indefinite length, one
 * that is longer than it needs to be, a tag of several bytes and a rest behind the last element are refused.
 *
 * @throws DerError
 * @see ITU-T X.690, section 10, the distinguished encoding rules
 */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const element = readFirst(rest);
    elements.push(element);
    rest = rest.subarray(element.bytes.length);
  }
  return elements;
}

/** Reads what is one element. @throws DerError */
export function readElement(bytes: Buffer, tag: number): DerElement {
  const [element, ...more] = readElements(bytes);
  if (element === undefined || more.length > 0 || element.tag !== tag)
    throw new DerError('not one element of this kind');
  return element;
}

/** The elements in a sequence. @throws DerError */
export function membersOf(element: DerElement | undefined, tag: number = derTags.sequence): readonly DerElement[] {
  if (element?.tag !== tag) throw new DerError('not an element of this kind');
  return readElements(element.content);
}

/** An object identifier in its dotted form. @throws DerError */
export function readObjectIdentifier(element: DerElement | undefined): string {
  if (element?.tag !== derTags.objectIdentifier || element.content.length === 0) throw new DerError('no identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError('an identifier of this size is not read');
    if ((byte & 0x80) !== 0) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...others] = arcs;
  const root = Math.min(2, Math.trunc(first / 40));
  return [root, first - root * 40, ...others].join('.');
}

/** A whole number as hexadecimal digits in lower case without leading zeros: the way that serial numbers are compared. */
export function readSerialNumber(element: DerElement | undefined): string {
  if (element?.tag !== derTags.integer || element.content.length === 0) throw new DerError('no number');
  return element.content.toString('hex').replace(/^0+(?=.)/, '');
}

/** A time of X.509, in Greenwich and to the second (RFC 5280, section 4.1.2.5). @throws DerError */
export function readTime(element: DerElement | undefined): Date {
  const text = element?.content.toString('latin1') ?? '';
  const form = element?.tag === derTags.utcTime ? /^(\d{2})(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/;
  const [, year = '', rest = ''] = form.exec(text) ?? [];
  if (element?.tag !== derTags.utcTime && element?.tag !== derTags.generalizedTime) throw new DerError('no time');
  if (rest === '') throw new DerError('no time');
  const fullYear = year.length === 4 ? year : `${Number(year) < 50 ? '20' : '19'}${year}`;
  const [month, day, hour, minute, second] = rest.match(/\d{2}/g) ?? [];
  const date = new Date(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) throw new DerError('no time');
  return date;
}

function readFirst(bytes: Buffer): DerElement {
  const [tag = 0, first = 0] = bytes;
  if (bytes.length < 2 || (tag & 0x1f) === 0x1f) throw new DerError('cut off, or a tag that is not read');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || lengthBytes > 4 || bytes.length < 2 + lengthBytes)
    throw new DerError('a length that is not read');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const isShortest = lengthBytes === 0 || (length >= 0x80 && bytes[2] !== 0);
  const start = 2 + lengthBytes;
  if (!isShortest || bytes.length < start + length) throw new DerError('a length that is wrong');
  return { tag, content: bytes.subarray(start, start + length), bytes: bytes.subarray(0, start + length) };
}
