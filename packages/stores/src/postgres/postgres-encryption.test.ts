import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrivateAddress } from '../network/private-address.ts';
import type { ResolveHost } from '../network/resolve-host.ts';
import { decideEncryption } from './postgres-encryption.ts';
import { parsePostgresUrl } from './postgres-url.ts';

/** First octets of the private networks, as the registry of special-purpose addresses (RFC 6890) lists them. */
const isPrivate4 = ([a = 0, b = 0]: readonly number[]): boolean =>
  a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254);

const octet = fc.integer({ min: 0, max: 255 });
const firstOctets = fc.oneof(octet, fc.constantFrom(10, 127, 169, 172, 192, 100, 0, 8));
const secondOctets = fc.oneof(octet, fc.constantFrom(15, 16, 31, 32, 64, 167, 168, 169, 253, 254));
const quads = fc.tuple(firstOctets, secondOctets, octet, octet);
const addresses4 = quads.map((quad) => ({ address: quad.join('.'), isPrivate: isPrivate4(quad), family: 4 }));
const mapped = quads.map((quad) => ({ address: `::ffff:${quad.join('.')}`, isPrivate: isPrivate4(quad), family: 6 }));
const addresses6 = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0x100, max: 0xfeff }), fc.constantFrom(0xfc00, 0xfdff, 0xfe80, 0xfebf, 0xfec0, 0x2001)),
    fc.integer({ min: 1, max: 0xffff }),
  )
  .map(([first, last]) => ({
    address: `${first.toString(16)}::${last.toString(16)}`,
    isPrivate: (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80,
    family: 6,
  }));
const anyAddress = fc.oneof(addresses4, addresses6, mapped);

const encryptionOf = (url: string) => parsePostgresUrl(url).encryption;
const never: ResolveHost = () => Promise.reject(new Error('no name is asked for'));

describe('the encryption of a database connection', () => {
  it('is left out without sslmode for private addresses alone', async () => {
    await fc.assert(
      fc.asyncProperty(anyAddress, async ({ address, isPrivate }) => {
        expect(isPrivateAddress(address)).toBe(isPrivate);
        const { ssl } = await decideEncryption({ host: address, encryption: encryptionOf('postgres://h/d') }, never);
        expect(ssl === false).toBe(isPrivate);
      }),
      { numRuns: 500 },
    );
  });

  it('is left out without sslmode for names whose addresses are all private', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAddress, { maxLength: 4 }), async (found) => {
        const decided = await decideEncryption(
          { host: 'db.example.test', encryption: encryptionOf('postgres://h/d') },
          () => Promise.resolve(found),
        );
        expect(decided.ssl === false).toBe(found.length > 0 && found.every(({ isPrivate }) => isPrivate));
        if (decided.ssl !== false) expect(decided.ssl).toMatchObject({ rejectUnauthorized: true });
      }),
    );
  });

  it.each(['sslmode=require', 'sslmode=verify-ca', 'sslmode=verify-full', 'ssl=true', 'channel_binding=require'])(
    'is verified with %s wherever the database is',
    async (parameter) => {
      await fc.assert(
        fc.asyncProperty(anyAddress, async ({ address }) => {
          const encryption = encryptionOf(`postgres://h/d?${parameter}`);
          const { ssl } = await decideEncryption({ host: address, encryption }, never);
          expect(ssl).toMatchObject({ rejectUnauthorized: true });
        }),
      );
    },
  );

  it('is left out for a public address with sslmode=disable, and is known to be public', async () => {
    const encryption = encryptionOf('postgres://h/d?sslmode=disable');
    expect(await decideEncryption({ host: '203.0.113.7', encryption }, never)).toEqual({
      ssl: false,
      isPrivateOnly: false,
      isPublic: true,
    });
  });

  it('is left out on a Unix socket', async () => {
    const { host, encryption } = parsePostgresUrl('postgres://h/d?host=/run/postgresql');
    expect((await decideEncryption({ host, encryption }, never)).ssl).toBe(false);
  });
});
