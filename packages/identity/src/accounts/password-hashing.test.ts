import { describe, expect, it } from 'vitest';
import { createPasswordHashing } from './password-hashing.ts';

const hashing = createPasswordHashing(2);

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
    '$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    'salt:hash',
  ])('fits nothing when it is of a scheme that is not known: %j', async (hash) =>
    expect(await hashing.verify(hash, hash)).toBe(false),
  );

  it('is refused at once when hundreds are waiting, and made again when they are through', async () => {
    const flood = createPasswordHashing(1);
    const made = await Promise.allSettled(Array.from({ length: 300 }, () => flood.verify('of no scheme', 'x')));
    const refused = made.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(refused).toHaveLength(300 - 257);
    expect(refused[0]).toMatchObject({ code: 'SP_TOO_MANY_ATTEMPTS' });
    expect(await flood.verify('of no scheme', 'x')).toBe(false);
  });

  it('lets others have their turn after one that failed', async () => {
    const damaged = Array.from({ length: 6 }, () => hashing.verify('$argon2id$damaged', 'x'));
    expect((await Promise.allSettled(damaged)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(await hashing.verify(await hashing.hash('after all'), 'after all')).toBe(true);
  });
});
