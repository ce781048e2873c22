import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toEmailAddress } from './email-address.ts';

/** The expression that HTML gives for what `<input type="email">` accepts. */
const html =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const invisible = fc.constantFrom(
  ' ',
  '\t',
  '\r\n',
  '\u00a0',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u202c',
  '\u2069',
);
const ends = fc.array(invisible, { maxLength: 4 }).map((parts) => parts.join(''));
const local = fc.string({
  unit: fc.constantFrom(..."abzAZ059.!#$%&'*+/=?^_`{|}~-"),
  minLength: 1,
  maxLength: 20,
});
const label = fc.stringMatching(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?$/);
const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

describe('an email address', () => {
  it('is all that a browser accepts in a field for one, in lower case, whatever is invisible at its ends', () => {
    fc.assert(
      fc.property(ends, local, domain, ends, (before, name, host, after) => {
        const address = `${name}@${host}`;
        expect(html.test(address)).toBe(true);
        expect(toEmailAddress(`${before}${address}${after}`)).toBe(address.toLowerCase());
      }),
      { numRuns: 2000 },
    );
  });

  it('is nothing else, of all text in ASCII', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab.-@&\'"\\<>()[],;: 0_%/'), maxLength: 16 });
    fc.assert(
      fc.property(text, (typed) => {
        expect(toEmailAddress(typed) !== undefined).toBe(html.test(typed.trim()));
      }),
      { numRuns: 5000 },
    );
  });

  it('is one that stays itself, so that an address that is stored is found again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.emailAddress()), (typed) => {
        const address = toEmailAddress(typed);
        if (address === undefined) return;
        expect(address).toMatch(html);
        expect(toEmailAddress(address)).toBe(address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    { typed: 'a&b@example.com', address: 'a&b@example.com' },
    { typed: "o'brien+x=1@example.com", address: "o'brien+x=1@example.com" },
    { typed: 'root@localhost', address: 'root@localhost' },
    { typed: 'ann@bücher.example', address: 'ann@xn--bcher-kva.example' },
    { typed: 'ann@BÜCHER.example', address: 'ann@xn--bcher-kva.example' },
    { typed: 'ann@bu\u0308cher.example', address: 'ann@xn--bcher-kva.example' },
    { typed: 'ann@例え.テスト', address: 'ann@xn--r8jz45g.xn--zckzah' },
    { typed: 'ann@例え。テスト', address: 'ann@xn--r8jz45g.xn--zckzah' },
    { typed: 'ann@xn--bcher-kva.example', address: 'ann@xn--bcher-kva.example' },
    { typed: 'ann@ｅxample.com', address: 'ann@example.com' },
  ])('has one spelling: $typed', ({ typed, address }) => {
    expect(toEmailAddress(typed)).toBe(address);
  });

  it.each([
    { name: 'nothing', typed: '' },
    { name: 'only what is invisible', typed: '\u200b\u00a0' },
    { name: 'no name', typed: '@example.com' },
    { name: 'no domain', typed: 'ann@' },
    { name: 'two signs', typed: 'ann@b@example.com' },
    { name: 'letters beyond ASCII in the name', typed: 'änn@example.com' },
    { name: 'a letter that folds into ASCII in the name', typed: '\u212aim@example.com' },
    { name: 'something invisible in the middle', typed: 'a\u200bnn@example.com' },
    { name: 'a line end in the middle', typed: 'ann@example.com\nbcc: x@example.com' },
    { name: 'a domain with a dot at its end', typed: 'ann@example.com.' },
    { name: 'an empty label', typed: 'ann@example..com' },
    { name: 'a label that begins with a hyphen', typed: 'ann@-example.com' },
    { name: 'a label of 64', typed: `ann@${'a'.repeat(64)}.com` },
    { name: 'an address of IPv6', typed: 'ann@[::1]' },
    { name: 'a port', typed: 'ann@bücher.example:80' },
    { name: 'a percent sign', typed: 'ann@b%C3%BCcher.example' },
    { name: 'numbers that become an address of IPv4', typed: 'ann@１２７.１' },
    { name: 'a name in quotes', typed: '"ann b"@example.com' },
    { name: 'more than 254 characters', typed: `${'a'.repeat(250)}@b.example` },
  ])('is not $name', ({ typed }) => {
    expect(toEmailAddress(typed)).toBeUndefined();
  });
});
