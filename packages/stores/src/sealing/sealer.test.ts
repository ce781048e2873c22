import { OptionsError } from '@sallyport/core';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealer } from './sealer.ts';

const first = { version: 1, value: randomBytes(32).toString('base64url') };
const second = { version: 2, value: randomBytes(32).toString('base64url') };
const sealer = createSealer([first])('session');

describe('sealing', () => {
  it.each(['', 'plain', 'ünïcödé \u{1F511}', 'x'.repeat(100_000)])('gives back what was sealed', (plaintext) => {
    expect(sealer.open(sealer.seal(plaintext, 'row'), 'row')).toBe(plaintext);
  });

  it('shows nothing of the text, and never seals it the same way twice', () => {
    const sealed = [sealer.seal('attack at dawn', 'row'), sealer.seal('attack at dawn', 'row')];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(Buffer.from(sealed[0]?.split('.')[2] ?? '', 'base64url').toString()).not.toContain('dawn');
  });

  it('says which version of the secret sealed it', () => {
    expect(createSealer([second, first])('session').seal('text', 'row')).toMatch(/^v1\.2\./);
  });

  it.each([
    { name: 'another context', open: (sealed: string) => sealer.open(sealed, 'other row') },
    { name: 'another purpose', open: (sealed: string) => createSealer([first])('key-ring').open(sealed, 'row') },
    {
      name: 'another secret with the same version',
      open: (sealed: string) => createSealer([{ ...second, version: 1 }])('session').open(sealed, 'row'),
    },
    { name: 'a secret that is gone', open: (sealed: string) => createSealer([second])('session').open(sealed, 'row') },
    { name: 'another version in the text', open: (sealed: string) => reopen(sealed.replace('v1.1.', 'v1.2.')) },
    { name: 'a byte missing', open: (sealed: string) => sealer.open(sealed.slice(0, -2), 'row') },
    { name: 'the tag missing', open: (sealed: string) => sealer.open(sealed.slice(0, 24), 'row') },
    { name: 'nothing in it', open: () => sealer.open('', 'row') },
    { name: 'a text that was never sealed', open: () => sealer.open('attack at dawn', 'row') },
    { name: 'another format', open: (sealed: string) => sealer.open(sealed.replace('v1.', 'v9.'), 'row') },
  ])('does not open under $name', ({ open }) => {
    const sealed = sealer.seal('attack at dawn', 'row');
    expect(() => open(sealed)).toThrow(TypeError);
  });

  it('does not open when any bit of it was changed', () => {
    const [, , body = ''] = sealer.seal('text', 'row').split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => sealer.open(`v1.1.${changed.toString('base64url')}`, 'row')).toThrow(TypeError);
    }
  });

  const reopen = (sealed: string): string => createSealer([second, first])('session').open(sealed, 'row');
});

describe('hashing', () => {
  it('is the same every time, also after a new start', () => {
    expect(createSealer([first])('session').hash('token')).toBe(sealer.hash('token'));
  });

  it('differs by value, purpose and secret', () => {
    const hashes = [
      sealer.hash('token'),
      sealer.hash('tokeN'),
      createSealer([first])('key-ring').hash('token'),
      createSealer([{ ...second, version: 1 }])('session').hash('token'),
    ];
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('a new version of the secret', () => {
  it('writes, while the older one still reads', () => {
    const both = createSealer([second, first])('session');
    expect(both.open(sealer.seal('text', 'row'), 'row')).toBe('text');
    expect(both.hash('token')).toBe(createSealer([second])('session').hash('token'));
    expect(both.hashes('token')).toEqual([both.hash('token'), sealer.hash('token')]);
  });

  it.each([
    { name: 'no version', versions: [] },
    { name: 'two versions with one number', versions: [first, { ...second, version: 1 }] },
  ])('is not accepted with $name', ({ versions }) => {
    expect(() => createSealer(versions)).toThrow(OptionsError);
  });
});

it('a sealer still opens and finds what earlier releases wrote', () => {
  const written = createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }])('session-token');
  const sealed = 'v1.1.3GrCZxzhbJAOmSTsewcdDkwn2_7B2ln0cUhu0TLqTDcE8_1e-VWqYPzk';
  expect(written.open(sealed, 'row')).toBe('attack at dawn');
  expect(written.hash('token')).toBe('cwE1NhI9rsepavSPnF8iXkLmxIO_dYDYXTmkj5i3RQc');
});
