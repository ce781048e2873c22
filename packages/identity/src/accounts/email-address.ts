import { domainToASCII } from 'node:url';

/** RFC 5321, section 4.5.3.1.3, without the angle brackets. */
const maxLength = 254;

/** What people cannot see, and what a copy from a page, a chat or a spreadsheet brings along at the ends. */
const invisibleEnds =
  /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+|[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/gu;

const localPart = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+$/;
const asciiDomain =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
/** A name whose last label is a number is read as an IPv4 address, and may come out as another one. */
const endsInNumber = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;

/**
 * Reads an email address as people type and paste it, and gives it the one spelling under which it is stored and looked
 * up: the only rule on addresses, for sign-up, sign-in, imports and commands.
 *
 * Accepted is what a browser accepts in `<input type="email">`. A domain in letters beyond ASCII becomes A-labels, as a
 * browser sends it; all of it becomes lower case; what is invisible at the ends goes.
 *
 * @returns `undefined` for what is no address.
 * @see {@link https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address HTML, valid email address}
 * @see {@link https://www.unicode.org/reports/tr46/ UTS 46}
 * @example
 * toEmailAddress('\u200bA&B@Bücher.example '); // 'a&b@xn--bcher-kva.example'
 */
export function toEmailAddress(typed: string): string | undefined {
  const text = typed.replace(invisibleEnds, '');
  const at = text.indexOf('@');
  const [local, domain] = [text.slice(0, at), toDomain(text.slice(at + 1))];
  if (at < 1 || domain === undefined || !localPart.test(local)) return undefined;
  const address = `${local}@${domain}`.toLowerCase();
  return address.length <= maxLength ? address : undefined;
}

function toDomain(typed: string): string | undefined {
  const isAscii = /^[\x20-\x7e]*$/.test(typed);
  // Only a name goes to the parser of URLs: it would take a port, a path or percent signs for something else.
  const domain = isAscii ? typed : /[\x00-\x2c\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]/.test(typed) ? '' : domainToASCII(typed);
  if (!asciiDomain.test(domain) || (!isAscii && endsInNumber.test(domain))) return undefined;
  return domain;
}
