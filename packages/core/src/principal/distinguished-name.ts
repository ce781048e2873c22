import { OptionsError } from '../options/options-error.ts';

/** The short names of OpenSSL, which writes them in this case. */
const shortNames: ReadonlyMap<string, string> = new Map(
  [
    ['CN', 'C', 'L', 'ST', 'street', 'O', 'OU', 'DC', 'UID', 'SN', 'GN', 'title', 'initials', 'serialNumber'],
    ['emailAddress', 'dnQualifier', 'pseudonym', 'businessCategory', 'postalCode', 'organizationIdentifier'],
  ]
    .flat()
    .map((name) => [name.toLowerCase(), name]),
);

const attributeType = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)+)$/i;
const hexPair = /^[0-9a-f]{2}/i;
/** Begins something that is not understood here: values in quotes, or another separator. */
const mustBeEscaped = new Set('"<>;');

interface Attribute {
  readonly type: string;
  readonly value: string;
}

/**
 * Brings a distinguished name into the one form in which two are compared: the order and the escapes of RFC 4514, as
 * `openssl x509 -noout -subject -nameopt RFC2253` writes them. Values stay as they are: `CN=billing` is not `CN=Billing`.
 *
 * @throws OptionsError for what is no distinguished name, for an empty one, and for one with values in quotes.
 * @see {@link https://www.rfc-editor.org/rfc/rfc4514 RFC 4514}
 * @example
 * toDistinguishedName('cn=billing, O=Acme\\2C Inc.'); // CN=billing,O=Acme\, Inc.
 */
export function toDistinguishedName(text: string): string {
  return readRelativeNames(text).map(writeRelativeName).join(',');
}

/**
 * The distinguished name that Node writes in lines, the most general one first, in the form of `toDistinguishedName`.
 * Empty for a certificate without a subject.
 */
export function distinguishedNameOfLines(lines: string): string {
  if (lines === '') return '';
  return lines
    .split('\n')
    .reverse()
    .map((line) => {
      // Node escapes a comma and a line feed in a value: what is left of either would be a forged part of the name.
      const [relativeName, ...more] = readRelativeNames(line);
      if (relativeName === undefined || more.length > 0) throw malformed();
      return writeRelativeName([...relativeName].reverse());
    })
    .join(',');
}

/** Reads the parts between unescaped commas, and in each the attributes between unescaped plus signs. */
function readRelativeNames(text: string): readonly (readonly Attribute[])[] {
  const names: Attribute[][] = [[]];
  let rest = skipSpaces(text);
  while (rest !== '') {
    const equals = rest.indexOf('=');
    const type = rest.slice(0, Math.max(equals, 0)).trim();
    if (!attributeType.test(type)) throw malformed();
    const { value, end } = readValue(rest.slice(equals + 1));
    names.at(-1)?.push({ type: shortNames.get(type.toLowerCase()) ?? type, value });
    const separator = rest[equals + 1 + end];
    rest = skipSpaces(rest.slice(equals + 2 + end));
    if (separator === undefined) return names;
    if (separator === ',') names.push([]);
  }
  throw malformed();
}

/** Reads up to the separator, which stands at `end`. Unescaped spaces around the value do not belong to it. */
function readValue(text: string): { readonly value: string; readonly end: number } {
  const bytes: Buffer[] = [];
  let index = text.length - skipSpaces(text).length;
  // What follows is the encoding of a value whose text is not known here.
  if (text[index] === '#') throw malformed();
  // How many bytes are sure to belong to the value: spaces behind them only do when something follows.
  let kept = 0;
  for (; index < text.length; index++) {
    const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
    if (character === ',' || character === '+') break;
    if (character === '\\') {
      const escaped = text.slice(index + 1);
      const pair = hexPair.exec(escaped)?.[0];
      if (pair === undefined && escaped === '') throw malformed();
      bytes.push(pair === undefined ? Buffer.from(firstCharacter(escaped)) : Buffer.from(pair, 'hex'));
      index += pair === undefined ? firstCharacter(escaped).length : pair.length;
      kept = bytes.length;
      continue;
    }
    if (mustBeEscaped.has(character)) throw malformed();
    bytes.push(Buffer.from(character));
    index += character.length - 1;
    if (character !== ' ') kept = bytes.length;
  }
  return { value: decode(Buffer.concat(bytes.slice(0, kept))), end: index };
}

/** Other white space is part of a value: two names that only look alike are two names. */
function skipSpaces(text: string): string {
  return text.replace(/^ +/, '');
}

function firstCharacter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

function writeRelativeName(attributes: readonly Attribute[]): string {
  return attributes.map(({ type, value }) => `${type}=${escapeValue(value)}`).join('+');
}

function escapeValue(value: string): string {
  const escaped = value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    // oxlint-disable-next-line no-control-regex -- control characters are what is escaped here
    .replaceAll(/[\u0000-\u001f\u007f]|[^\u0000-\u007f]+/g, (characters) =>
      [...Buffer.from(characters)].map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .replace(/^[# ]/, String.raw`\$&`);
  // The first character was escaped already, if it is the last one as well.
  return value.length > 1 && value.endsWith(' ') ? `${escaped.slice(0, -1)}\\ ` : escaped;
}

function malformed(): OptionsError {
  return new OptionsError(
    'this is no distinguished name; write it as openssl x509 -noout -subject -nameopt RFC2253 does: CN=billing,O=Acme',
  );
}
