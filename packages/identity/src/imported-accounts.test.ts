import { hash as argon2Hash } from '@node-rs/argon2';
import { hash as bcryptHash } from 'bcrypt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImportedUser } from './features/administration/user-import.ts';
import { makeAppOwner } from './features/second-factor/factor.test-support.ts';
import { createHashingThreads } from './hashing/hashing-threads.ts';
import { costlyHashing } from './hashing/in-process-hashing.test-support.ts';
import {
  goodPassword,
  onDatabase,
  roundsOf,
  startHarness,
  type Answer,
  type Harness,
} from './identity.test-support.ts';

const email = 'robin@example.test';
// Shorter than what is accepted today: the old system had other rules.
const oldPassword = 'tr0ub4dor&3';

let harness: Harness;
beforeEach(async () => {
  // What an imported hash is replaced by is what production makes.
  harness = await startHarness({ hashingThreads: costlyHashing });
});
afterEach(() => harness.close());

const importOne = (change: Partial<ImportedUser>): Promise<number> =>
  harness.identity.accounts.importUsers([
    { name: 'Robin Doe', email, emailVerified: true, roles: ['user'], ...change },
  ]);
const signIn = (password = oldPassword): Promise<Answer> =>
  harness.call('POST', '/auth/sign-in/email', { email, password });
const storedHash = async (): Promise<string> =>
  (await harness.database.records.findMany<{ password: string }>({ model: 'account' }))[0]?.password ?? '';

const storeHash = (userId: string, password: string): Promise<number> =>
  harness.database.records.updateMany({
    model: 'account',
    where: [{ field: 'userId', value: userId }],
    update: { password },
  });

describe(onDatabase('an account that was imported'), () => {
  it.each([
    { name: 'a bcrypt hash', hash: () => bcryptHash(oldPassword, 4) },
    { name: 'a bcrypt hash of PHP', hash: async () => (await bcryptHash(oldPassword, 4)).replace('$2b$', '$2y$') },
    { name: 'a weak argon2id hash', hash: () => argon2Hash(oldPassword, { memoryCost: 1024, timeCost: 1 }) },
  ])('signs in with $name, which is replaced by the first sign-in', async ({ hash }) => {
    const passwordHash = await hash();
    await importOne({ passwordHash });
    expect((await signIn('tr0ub4dor&4')).status).toBe(401);
    expect(await storedHash()).toBe(passwordHash);
    expect(await signIn()).toMatchObject({ status: 200, body: { user: { email, roles: ['user'] } } });
    const renewed = await storedHash();
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await signIn()).status).toBe(200);
    expect(await storedHash()).toBe(renewed);
  });

  it('has its hash replaced by the right password also where a second factor is still to come', async () => {
    const passwordHash = await bcryptHash(oldPassword, 4);
    const owner = await makeAppOwner(harness, email);
    await storeHash(owner.id, passwordHash);
    expect((await signIn('tr0ub4dor&4')).status).toBe(401);
    expect(await storedHash()).toBe(passwordHash);
    expect(await signIn()).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
    expect(await storedHash()).toMatch(/^\$argon2id\$/);
    expect(await signIn()).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
  });

  it('keeps its hash while it is banned, whatever password is tried', async () => {
    const passwordHash = await bcryptHash(oldPassword, 4);
    await importOne({ passwordHash });
    const { id = '' } = (await harness.identity.accounts.findByEmail(email)) ?? {};
    await harness.identity.accounts.setBanned(id, true);
    for (const password of [oldPassword, 'tr0ub4dor&4'])
      expect(await signIn(password)).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' } });
    expect(await storedHash()).toBe(passwordHash);
    await harness.identity.accounts.setBanned(id, false);
    expect((await signIn()).status).toBe(200);
    expect(await storedHash()).toMatch(/^\$argon2id\$/);
  });

  it('keeps a hash that is as strong as ours', async () => {
    const passwordHash = await argon2Hash(oldPassword, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    await importOne({ passwordHash });
    expect((await signIn()).status).toBe(200);
    expect(await storedHash()).toBe(passwordHash);
  });

  it('keeps the sessions of browsers that sign in for the first time at once', async () => {
    await importOne({ passwordHash: await bcryptHash(oldPassword, 4) });
    const answers = await Promise.all(Array.from({ length: 6 }, () => signIn()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    expect((await signIn()).status).toBe(200);
  });

  it('has the password that was chosen while the old one was being renewed', async () => {
    for (let round = 0; round < roundsOf(5); round += 1) {
      await harness.close();
      // As in production both sign-ins and the reset go on while this is hashed.
      harness = await startHarness({ hashingThreads: createHashingThreads() });
      await importOne({ passwordHash: await bcryptHash(oldPassword, 4) });
      await harness.call('POST', '/auth/request-password-reset', { email });
      const token = await harness.linkToken(email, 'reset-password');
      const reset = { token, newPassword: goodPassword };
      await Promise.all([signIn(), signIn(), harness.call('POST', '/auth/reset-password', reset)]);
      expect((await signIn(goodPassword)).status).toBe(200);
      expect((await signIn()).status).toBe(401);
    }
    // Threads that hash wait until nothing else on the machine wants to run.
  }, 60_000);

  it.each(['', '$2b$10$damaged', '$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde', '$argon2id$damaged'])(
    'with a stored hash that is damaged (%j) is refused like any wrong password',
    async (passwordHash) => {
      await importOne({ passwordHash });
      expect(await signIn()).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' } });
    },
  );

  it('without a password chooses one by mail', async () => {
    await importOne({});
    expect((await signIn()).status).toBe(401);
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password');
    await harness.call('POST', '/auth/reset-password', { token, newPassword: goodPassword });
    expect((await signIn(goodPassword)).status).toBe(200);
  });

  it('never replaces one that is there, nor another of the same import', async () => {
    await harness.makeUser(email);
    const other = { name: 'O', email: 'other@example.test', emailVerified: true, roles: ['user'] };
    const first = { name: 'Mallory', email, emailVerified: true, roles: ['admin'] };
    expect(await harness.identity.accounts.importUsers([first, other, { ...other, roles: ['admin'] }])).toBe(1);
    expect(await harness.identity.accounts.findByEmail(email)).toMatchObject({ name: 'Robin Doe', roles: ['user'] });
    expect(await harness.identity.accounts.findByEmail(other.email)).toMatchObject({ roles: ['user'] });
    const types = (await harness.events()).map(({ type }) => type);
    expect(types.filter((type) => type === 'account.imported')).toHaveLength(1);
  });

  it('is there once when several imports make it at the same moment, and each of them goes on', async () => {
    const batch = Array.from({ length: 6 }, (_, index) => ({
      name: 'R',
      email: `person-${index}@x.test`,
      emailVerified: true,
      roles: [],
      passwordHash: '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde',
    }));
    const counts = await Promise.all(
      [batch, batch.toReversed(), batch].map((users) => harness.identity.accounts.importUsers(users)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(batch.length);
    expect(await harness.identity.accounts.list(100)).toHaveLength(batch.length);
    expect(await harness.database.records.count({ model: 'account' })).toBe(batch.length);
  });

  it('is not there when another one of its import cannot be written, where there are transactions', async () => {
    if (!harness.database.hasTransactions) return;
    const good = { name: 'R', email, emailVerified: true, roles: [] };
    // A name that the column refuses.
    const bad = { ...good, email: 'other@example.test', name: null as unknown as string };
    await expect(harness.identity.accounts.importUsers([good, bad])).rejects.toThrow();
    expect(await harness.identity.accounts.list(10)).toEqual([]);
  });
});

describe(onDatabase('a ban'), () => {
  it('ends every session, is heard by every cache, and lasts until it is lifted', async () => {
    const id = await harness.makeUser(email);
    const sessions = [await harness.signIn(email), await harness.signIn(email)];
    expect(await harness.identity.accounts.setBanned(id, true)).toBe(2);
    for (const { token } of sessions) expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect((await signIn(goodPassword)).status).toBe(401);
    const heard = harness.heard.flatMap((message) => (message.kind === 'revocation' ? [message.event] : []));
    expect(heard.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
      'user banned',
      'session banned',
      'session banned',
    ]);
    await harness.identity.accounts.setBanned(id, false);
    for (const { token } of sessions) expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect((await signIn(goodPassword)).status).toBe(200);
    const types = (await harness.events()).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['account.banned', 'session.ended-many', 'account.unbanned']));
  });

  it('of an unknown user is refused', async () => {
    await expect(harness.identity.accounts.setBanned('unknown', true)).rejects.toMatchObject({ code: 'SP_NOT_FOUND' });
  });
});

describe(onDatabase('an operator'), () => {
  it('ends the sessions of one user, and of no other', async () => {
    const id = await harness.makeUser(email);
    await harness.makeUser('other@example.test');
    const { token } = await harness.signIn(email);
    const other = await harness.signIn('other@example.test');
    expect(await harness.identity.accounts.endSessions(id)).toBe(1);
    expect(await harness.identity.accounts.endSessions(id)).toBe(0);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(await harness.identity.directory.byToken(other.token)).not.toBeNull();
  });

  it('lists every account once, page by page', async () => {
    for (let index = 0; index < 7; index += 1)
      await harness.identity.accounts.importUsers([
        { name: 'R', email: `person-${index}@x.test`, emailVerified: true, roles: [] },
      ]);
    const found: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await harness.identity.accounts.list(3, after);
      if (page.length === 0) break;
      found.push(...page.map((user) => user.email));
      after = page.at(-1)?.id;
    }
    expect(found.sort()).toEqual(Array.from({ length: 7 }, (_, index) => `person-${index}@x.test`));
  });

  it('invites a user to choose a password', async () => {
    const { accounts } = harness.identity;
    const user = await accounts.createUser({ name: 'Robin', email, roles: ['admin'], emailVerified: true });
    expect((await signIn(goodPassword)).status).toBe(401);
    await accounts.invite(user, 'mail');
    const token = await harness.linkToken(email, 'invitation');
    await harness.call('POST', '/auth/reset-password', { token, newPassword: goodPassword });
    expect((await signIn(goodPassword)).status).toBe(200);
    const handed = await accounts.invite(user, 'hand-over');
    const again = { token: handed, newPassword: 'another-violet-kettle-9' };
    expect((await harness.call('POST', '/auth/reset-password', again)).status).toBe(200);
  });
});
