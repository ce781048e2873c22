import { describe, expect, it } from 'vitest';
import { readNameConstraints, satisfiesConstraints, type ConstrainedNames } from './name-constraints.ts';

const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
};
const dns = (name: string): Buffer => der(0x82, Buffer.from(name));
const uri = (host: string): Buffer => der(0x86, Buffer.from(host));
const address = (...bytes: readonly number[]): Buffer => der(0x87, Buffer.from(bytes));
const list = (tag: number, names: readonly Buffer[]): Buffer =>
  names.length === 0 ? Buffer.alloc(0) : der(tag, ...names.map((name) => der(0x30, name)));
const constraints = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Buffer =>
  der(0x30, list(0xa0, permitted), list(0xa1, excluded));

function isAllowed(names: Partial<ConstrainedNames>, value: Buffer): boolean {
  const read = readNameConstraints(value);
  if (read === undefined) throw new TypeError('not understood');
  return satisfiesConstraints({ uris: [], dnsNames: [], addresses: [], ...names }, read);
}

const acme = constraints([uri('acme'), dns('acme.internal'), address(10, 0, 0, 0, 255, 0, 0, 0)]);

describe('constraints on names', () => {
  it.each([
    { names: { uris: ['spiffe://acme/billing'] } },
    { names: { uris: ['spiffe://acme/billing'], dnsNames: ['billing.acme.internal'], addresses: ['10.1.2.3'] } },
    { names: { dnsNames: ['acme.internal', '*.acme.internal'] } },
    // Names of forms that are not constrained, and no names at all.
    { names: {} },
  ])('allow $names', ({ names }) => {
    expect(isAllowed(names, acme)).toBe(true);
  });

  it.each([
    { names: { uris: ['spiffe://other/billing'] } },
    { names: { uris: ['spiffe://acme.evil/billing'] } },
    { names: { uris: ['spiffe://sub.acme/billing'] } },
    { names: { uris: ['spiffe://acme/billing', 'spiffe://other/billing'] } },
    { names: { uris: ['https://user@other/acme'] } },
    { names: { uris: ['urn:acme'] } },
    { names: { dnsNames: ['acme.internal.evil.test'] } },
    { names: { dnsNames: ['notacme.internal'] } },
    { names: { dnsNames: ['internal'] } },
    { names: { addresses: ['11.0.0.1'] } },
    // IPv6 where only IPv4 is permitted: the form is the same.
    { names: { addresses: ['::1'] } },
    { names: { uris: ['spiffe://acme/billing'], dnsNames: ['evil.test'] } },
  ])('refuse $names', ({ names }) => {
    expect(isAllowed(names, acme)).toBe(false);
  });

  it.each([
    { excluded: dns('secret.internal'), names: { dnsNames: ['db.secret.internal'] } },
    { excluded: dns('secret.internal'), names: { dnsNames: ['*.internal'] } },
    { excluded: uri('.acme'), names: { uris: ['spiffe://sub.acme/x'] } },
    { excluded: address(...Array<number>(32).fill(0)), names: { addresses: ['fe80::1'] } },
  ])('refuse what is excluded, also below what is permitted: $names', ({ excluded, names }) => {
    expect(isAllowed(names, constraints([], [excluded]))).toBe(false);
    expect(isAllowed({ uris: ['spiffe://acme/x'] }, constraints([uri('acme')], [excluded]))).toBe(true);
  });

  it.each([
    { name: 'directory names', value: constraints([der(0xa4, der(0x30))]) },
    { name: 'addresses of mail that are excluded', value: constraints([], [der(0x81, Buffer.from('acme.test'))]) },
    { name: 'half an address', value: constraints([address(10, 0, 0, 0)]) },
    { name: 'an unknown list', value: der(0x30, list(0xa2, [dns('acme')])) },
  ])('are not understood with $name', ({ value }) => {
    expect(readNameConstraints(value)).toBeUndefined();
  });

  it('are damaged with a minimum', () => {
    const subtree = der(0x30, dns('acme'), der(0x80, Buffer.from([1])));
    expect(() => readNameConstraints(der(0x30, der(0xa0, subtree)))).toThrow('no subtree');
  });
});
