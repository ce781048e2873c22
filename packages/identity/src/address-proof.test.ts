import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chosen, email, mallory, robin, startAddressClaim } from './address-proof.test-support.ts';
import type { Browser } from './browser.test-support.ts';
import { setUpApp } from './features/second-factor/factor.test-support.ts';
import { goodPassword, onDatabase, type Harness } from './identity.test-support.ts';

let harness: Harness;
let owner: Browser;
let stranger: Browser;
beforeEach(async () => {
  ({ harness, owner, stranger } = await startAddressClaim());
});
afterEach(() => harness.close());

const find = () => harness.identity.accounts.findByEmail(email);
const newestLink = async (count: number): Promise<string> => harness.linkToken(email, 'verify-email', count);

describe(onDatabase('a mailed link of a sign-up'), () => {
  it('confirms in the browser that signed up, with the password and the name that were typed there', async () => {
    await owner.post('/auth/sign-up/email', robin);
    const token = await newestLink(1);
    expect(await owner.post('/auth/check-link', { purpose: 'verify-email', token })).toMatchObject({
      body: { status: 'valid', email, asksFor: [] },
    });
    expect(await owner.post('/auth/verify-email', { token })).toMatchObject({ status: 200 });
    expect(await find()).toMatchObject({ emailVerified: true, name: 'Robin Doe' });
    expect((await owner.signIn(email, robin.password)).status).toBe(200);
  });

  it('confirms nothing in another browser without a new name and password, and stays good', async () => {
    await stranger.post('/auth/sign-up/email', mallory);
    const token = await newestLink(1);
    expect(await owner.post('/auth/check-link', { purpose: 'verify-email', token })).toMatchObject({
      body: { asksFor: ['name', 'newPassword'] },
    });
    for (const body of [{ token }, { token, name: chosen.name }, { token, newPassword: chosen.newPassword }]) {
      const refused = await owner.post('/auth/verify-email', body);
      expect(refused).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED' } });
    }
    expect(await find()).toMatchObject({ emailVerified: false });
    expect(await owner.post('/auth/verify-email', { token, ...chosen })).toMatchObject({ status: 200 });
    expect(await find()).toMatchObject({ emailVerified: true, name: chosen.name });
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
    expect((await owner.signIn(email, chosen.newPassword)).status).toBe(200);
  });

  it('keeps the link where the new password is refused', async () => {
    await stranger.post('/auth/sign-up/email', mallory);
    const token = await newestLink(1);
    const weak = { token, ...chosen, newPassword: 'passwordpassword' };
    expect(await owner.post('/auth/verify-email', weak)).toMatchObject({
      status: 422,
      body: { code: 'SP_PASSWORD_UNACCEPTABLE', errors: [{ field: 'newPassword' }] },
    });
    expect(await owner.post('/auth/verify-email', { token, ...chosen })).toMatchObject({ status: 200 });
  });

  it.each([
    { name: 'of another sign-up', cookie: 'A'.repeat(43) },
    { name: 'that is too long', cookie: 'A'.repeat(4000) },
    { name: 'that is empty', cookie: '' },
  ])('is not bound to a cookie $name', async ({ cookie }) => {
    await stranger.post('/auth/sign-up/email', mallory);
    const token = await newestLink(1);
    const answer = await harness.call(
      'POST',
      '/auth/verify-email',
      { token },
      { headers: { cookie: `sallyport-3000-sign-up=${cookie}` } },
    );
    expect(answer.status).toBe(422);
  });

  it('takes the cookie of the sign-up away once it was used', async () => {
    await owner.post('/auth/sign-up/email', robin);
    expect(owner.cookies()).toHaveProperty('sallyport-3000-sign-up');
    await owner.post('/auth/verify-email', { token: await newestLink(1) });
    expect(owner.cookies()).not.toHaveProperty('sallyport-3000-sign-up');
  });

  it('is void after a new sign-up, whose password and name take the place of the old ones', async () => {
    await stranger.post('/auth/sign-up/email', mallory);
    const first = await newestLink(1);
    await owner.post('/auth/sign-up/email', robin);
    const second = await newestLink(2);
    for (const browser of [stranger, owner]) {
      const answer = await browser.post('/auth/verify-email', { token: first, ...chosen });
      expect(answer).toMatchObject({ status: 400, body: { code: 'SP_LINK_INVALID' } });
    }
    expect(await owner.post('/auth/verify-email', { token: second })).toMatchObject({ status: 200 });
    expect(await find()).toMatchObject({ name: 'Robin Doe' });
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
    expect((await owner.signIn(email, robin.password)).status).toBe(200);
  });

  it('asks the owner for a new password where a stranger signed up after the owner', async () => {
    await owner.post('/auth/sign-up/email', robin);
    const first = await newestLink(1);
    await stranger.post('/auth/sign-up/email', mallory);
    const second = await newestLink(2);
    expect((await owner.post('/auth/verify-email', { token: first })).status).toBe(400);
    expect((await owner.post('/auth/verify-email', { token: second })).status).toBe(422);
    expect((await owner.post('/auth/verify-email', { token: second, ...chosen })).status).toBe(200);
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
  });

  it('is mailed again for the sign-up that is pending, and is as bound as the first', async () => {
    await owner.post('/auth/sign-up/email', robin);
    await stranger.post('/auth/send-verification-email', { email });
    const token = await newestLink(2);
    expect((await stranger.post('/auth/verify-email', { token })).status).toBe(422);
    expect((await owner.post('/auth/verify-email', { token })).status).toBe(200);
  });

  it('expires together with its account', async () => {
    await stranger.post('/auth/sign-up/email', mallory);
    harness.advance(24 * 60 * 60);
    expect(await find()).toBeNull();
    await harness.makeUser('other@example.test');
    expect(await harness.identity.deleteExpired(harness.now())).toBe(1);
    expect(await harness.database.records.count({ model: 'user' })).toBe(1);
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
    await owner.post('/auth/send-verification-email', { email });
    await owner.post('/auth/request-password-reset', { email });
    expect(await harness.mailTo(email, 1)).toHaveLength(1);
    await owner.post('/auth/sign-up/email', robin);
    expect((await owner.post('/auth/verify-email', { token: await newestLink(2) })).status).toBe(200);
  });

  it('keeps its account alive when it is mailed again', async () => {
    await owner.post('/auth/sign-up/email', robin);
    harness.advance(23 * 60 * 60);
    await owner.post('/auth/send-verification-email', { email });
    harness.advance(2 * 60 * 60);
    expect((await owner.post('/auth/verify-email', { token: await newestLink(2) })).status).toBe(200);
    harness.advance(48 * 60 * 60);
    expect(await find()).toMatchObject({ emailVerified: true });
  });

  it('neither expires nor replaces an account that is confirmed', async () => {
    await owner.post('/auth/sign-up/email', robin);
    await owner.post('/auth/verify-email', { token: await newestLink(1) });
    await stranger.post('/auth/sign-up/email', mallory);
    expect(await harness.mailTo(email, 2)).toMatchObject([{ kind: 'already-registered' }, { kind: 'verify-email' }]);
    expect(await find()).toMatchObject({ name: 'Robin Doe', emailVerified: true });
  });
});

describe(onDatabase('the first reset of an account that was never confirmed'), () => {
  it.each([
    { name: 'leaves no name of the stranger', body: {}, kept: 'robin' },
    { name: 'takes a name of the owner', body: { name: 'Robin Doe' }, kept: 'Robin Doe' },
  ])('$name', async ({ body, kept }) => {
    await stranger.post('/auth/sign-up/email', mallory);
    await owner.post('/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    const link = { purpose: 'reset-password', token };
    expect(await owner.post('/auth/check-link', link)).toMatchObject({ body: { asksFor: ['name', 'newPassword'] } });
    const reset = { token, newPassword: chosen.newPassword, ...body };
    expect((await owner.post('/auth/reset-password', reset)).status).toBe(200);
    expect(await find()).toMatchObject({ emailVerified: true, name: kept });
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
    const unused = await newestLink(1);
    expect((await stranger.post('/auth/verify-email', { token: unused })).status).toBe(400);
  });

  it('asks for no name where the address was confirmed before', async () => {
    await harness.makeUser(email);
    await owner.post('/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 1);
    const link = { purpose: 'reset-password', token };
    expect(await owner.post('/auth/check-link', link)).toMatchObject({ body: { asksFor: ['newPassword'] } });
    expect(await owner.post('/auth/reset-password', { token, ...chosen })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'name' }] },
    });
  });

  it('removes factors and recovery codes that were set up before', async () => {
    // As a version without this rule left it: set up by who confirmed nothing.
    const { id } = await harness.identity.accounts.createUser({ ...mallory, roles: ['user'], emailVerified: true });
    await stranger.signIn(email, mallory.password);
    const caller = await stranger.caller();
    await setUpApp(harness, caller === undefined ? {} : { caller });
    await setUnverified(id);
    await owner.post('/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    expect((await owner.post('/auth/reset-password', { token, ...chosen })).status).toBe(200);
    expect(await owner.signIn(email, chosen.newPassword)).toMatchObject({ body: { status: 'signed-in' } });
    expect(await stranger.caller()).toBeUndefined();
    for (const model of ['sallyportFactor', 'sallyportRecoveryCode'])
      expect(await harness.database.records.count({ model })).toBe(0);
  });
});

const setUnverified = (id: string) =>
  harness.database.records.updateMany({
    model: 'user',
    where: [{ field: 'id', value: id }],
    update: { emailVerified: false },
  });

describe(onDatabase('an operator, at an address with an unconfirmed sign-up'), () => {
  const record = { name: 'Robin Doe', email, emailVerified: true, roles: ['vendor'] };

  beforeEach(async () => {
    await stranger.post('/auth/sign-up/email', mallory);
    await newestLink(1);
  });

  it.each([
    { name: 'imports', make: () => harness.identity.accounts.importUsers([record]) },
    { name: 'makes', make: () => harness.identity.accounts.createUser({ ...record, password: goodPassword }) },
  ])('$name an account in its place', async ({ make }) => {
    expect(await harness.identity.accounts.knownAmong([email])).toEqual(new Set());
    const before = await find();
    await make();
    const after = await find();
    expect(after).toMatchObject({ name: 'Robin Doe', roles: ['vendor'], emailVerified: true, expiresAt: null });
    expect(after?.id).not.toBe(before?.id);
    const token = await newestLink(1);
    expect((await stranger.post('/auth/verify-email', { token })).status).toBe(400);
    expect((await stranger.signIn(email, mallory.password)).status).toBe(401);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({ type: 'account.discarded', details: '{"because":"made-by-operator"}' }),
    );
  });

  it('gives it no roles', async () => {
    const pending = await find();
    await expect(harness.identity.accounts.setRoles(pending?.id ?? '', ['admin'])).rejects.toMatchObject({
      code: 'SP_CONFLICT',
      reason: 'address-unproven',
    });
    expect(await find()).toMatchObject({ roles: ['user'] });
  });

  it('bans it for good: it neither expires nor gives way', async () => {
    const pending = await find();
    await harness.identity.accounts.setBanned(pending?.id ?? '', true);
    harness.advance(48 * 60 * 60);
    await stranger.post('/auth/sign-up/email', mallory);
    expect(await find()).toMatchObject({ id: pending?.id, isBanned: true });
  });
});

describe(onDatabase('an imported account whose address is not confirmed'), () => {
  it('keeps its id and its roles at the proof, and nothing else; it neither expires nor gives way', async () => {
    const { accounts } = harness.identity;
    await accounts.importUsers([{ name: 'Old Name', email, emailVerified: false, roles: ['vendor'] }]);
    const imported = await find();
    await stranger.post('/auth/sign-up/email', mallory);
    expect(await harness.mailTo(email, 1)).toMatchObject([{ kind: 'already-registered' }]);
    harness.advance(48 * 60 * 60);
    await owner.post('/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password', 2);
    expect((await owner.post('/auth/reset-password', { token, ...chosen })).status).toBe(200);
    expect(await find()).toMatchObject({ id: imported?.id, roles: ['vendor'], name: 'Robin', emailVerified: true });
  });
});
