import { hash as argon2Hash } from '@node-rs/argon2';
import { hash as bcryptHash } from 'bcrypt';
import { afterAll, describe, expect, it } from 'vitest';
import { problemOfPasswordHash } from './password-hash.ts';
import { createPasswordHashing } from './password-hashing.ts';

const hashing = createPasswordHashing({ threads: 2, maxWaitSeconds: 60 });
afterAll(() => hashing.close());

describe('the hash of a password', () => {
  it('fits this password alone', async () => {
    const hash = await hashing.hash('violet-kettle-marches');
    expect(await hashing.verify(hash, 'violet-kettle-marches')).toBe(true);
    expect(await hashing.verify(hash, 'violet-kettle-marches ')).toBe(false);
    expect(await hashing.verify(hash, 'Violet-kettle-marches')).toBe(false);
  });

  it('is another one each time', async () => {
    expect(await hashing.hash('violet-kettle-marches')).not.toBe(await hashing.hash('violet-kettle-marches'));
  });

  it.each([
    '',
    'plain text',
    '$2b$10$abcdefghijklmnopqrstuv',
    '$argon2id$damaged',
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$abc',
    '$argon2id$v=19$m=4194304,t=900,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g',
    '$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde',
    '$2x$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde',
    '$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    'salt:hash',
  ])('fits nothing when it is of a scheme that is not known: %j', async (hash) =>
    expect(await hashing.verify(hash, hash)).toBe(false),
  );

  it('lets others have their turn after one that failed', async () => {
    const failing = Array.from({ length: 6 }, () => hashing.hash(undefined as never));
    expect((await Promise.allSettled(failing)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(await hashing.verify(await hashing.hash('after all'), 'after all')).toBe(true);
  });
});

describe('a hash that was imported', () => {
  const password = 'violet-kettle-marches';
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const withStrayBit = (hash: string, index: number): string =>
    hash.slice(0, index) + alphabet.charAt(alphabet.indexOf(hash.charAt(index)) | 1) + hash.slice(index + 1);

  it.each(['$2a$', '$2b$', '$2y$'])('fits as bcrypt %s, and is to be replaced', async (prefix) => {
    const hash = `${prefix}${(await bcryptHash(password, 4)).slice(4)}`;
    expect(problemOfPasswordHash(hash)).toBeUndefined();
    expect(await hashing.verify(hash, password)).toBe(true);
    expect(await hashing.verify(hash, `${password}!`)).toBe(false);
    expect(hashing.isOutdated(hash)).toBe(true);
  });

  it('fits also when the program that made it left stray bits', async () => {
    const hash = withStrayBit(withStrayBit(await bcryptHash(password, 4), 28), 59);
    expect(await hashing.verify(hash, password)).toBe(true);
  });

  it('of bcrypt knows 72 bytes of a password, and says nothing about the rest', async () => {
    const hash = await bcryptHash('ü'.repeat(36), 4);
    expect(await hashing.verify(hash, `${'ü'.repeat(36)} and more`)).toBe(true);
    expect(await hashing.verify(hash, 'ü'.repeat(35))).toBe(false);
  });

  it.each(['$2a$', '$2b$', '$2y$'])('of bcrypt %s fits no password that is cut or wrapped around', async (prefix) => {
    const hash = `${prefix}${(await bcryptHash('abc', 4)).slice(4)}`;
    expect(await hashing.verify(hash, 'abc\0def')).toBe(false);
    expect(await hashing.verify(hash, 'abc'.repeat(86) + 'a')).toBe(false);
    const long = `${prefix}${(await bcryptHash('x'.repeat(300), 4)).slice(4)}`;
    expect(await hashing.verify(long, 'x'.repeat(300))).toBe(true);
  });

  it.each([
    { name: 'weaker', cost: { memoryCost: 4096, timeCost: 3, parallelism: 1 }, isOutdated: true },
    { name: 'as strong', cost: { memoryCost: 19_456, timeCost: 2, parallelism: 1 }, isOutdated: false },
    { name: 'stronger', cost: { memoryCost: 47_104, timeCost: 1, parallelism: 1 }, isOutdated: false },
  ])('of argon2id that is $name than ours fits', async ({ cost, isOutdated }) => {
    const hash = await argon2Hash(password, cost);
    expect(problemOfPasswordHash(hash)).toBeUndefined();
    expect(await hashing.verify(hash, password)).toBe(true);
    expect(hashing.isOutdated(hash)).toBe(isOutdated);
  });

  it('fits when the old system did not normalize what was typed', async () => {
    const typed = 'gr\u0075\u0308\u00dfe-an-\ufb01-alle'; // With a combining mark and a ligature.
    expect(await hashing.verify(await argon2Hash(typed), typed)).toBe(true);
    expect(await hashing.verify(await argon2Hash(typed.normalize('NFKC')), typed)).toBe(true);
  });

  it.each([
    { hash: '', says: 'neither' },
    { hash: 'hunter2', says: 'neither' },
    { hash: '$2b$10$short', says: 'neither' },
    { hash: '$2x$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde', says: 'neither' },
    { hash: '$2b$16$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde', says: 'cost' },
    { hash: '$2b$03$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde', says: 'cost' },
    { hash: '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g', says: 'neither' },
    { hash: '$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g', says: 'neither' },
    { hash: '$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g', says: 'memory' },
    { hash: '$argon2id$v=19$m=65536,t=999,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g', says: 'memory' },
    { hash: 'pbkdf2_sha256$600000$salt$hash', says: 'neither' },
  ])('is refused when it is $hash', ({ hash, says }) => {
    expect(problemOfPasswordHash(hash)).toContain(says);
  });
});
