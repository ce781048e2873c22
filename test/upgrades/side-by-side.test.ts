import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { postgresUrl } from '../processes/postgres-schema.ts';
import { hasPreviousVersion, previousCommit } from './previous-version.ts';
import { totpCode, type Answer } from './stored-gateway.ts';
import { makeTwoVersions, password, versions, type TwoVersions, type Version } from './two-versions.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const hasHistory = hasPreviousVersion();
const reason = hasHistory ? '' : ` (skipped: this clone has no history, and commit ${previousCommit} is not in it)`;
const other = (version: Version): Version => (version === 'before' ? 'today' : 'before');

const refused = { status: 401, body: { code: 'SP_CODE_INVALID' } };

/** What an account needs for its second step. */
interface SecondFactor {
  readonly totp: string;
  readonly recoveryCodes: readonly string[];
}

/*
 * A rolling upgrade: the gateway of the previous version has made the tables, accounts, sessions and factors before the one
 * of today comes beside it.
 */
describe.skipIf(postgresUrl === '' || redisUrl === '' || !hasHistory)(
  `the previous version and that of today, side by side [postgres + redis]${reason}`,
  () => {
    let system: TwoVersions;
    let earlier: SecondFactor & { readonly cookie: string };

    beforeAll(async () => {
      system = await makeTwoVersions(redisUrl);
      for (const email of ['ada@example.test', 'grace@example.test']) await system.createAdmin('before', email);
      await system.start('before');
      const cookie = await sessionAt('before', 'ada@example.test');
      earlier = { cookie, ...(await addAuthenticator('before', await sessionAt('before', 'grace@example.test'))) };
      await system.start('today');
    });
    afterAll(() => system.close());

    const signInAt = (version: Version, email: string): Promise<Answer> =>
      system.ask(version, '/auth/sign-in/email', { json: { email, password } });
    /** The cookie of an answer that signs in: both versions give it one name. */
    const cookieFrom = (answer: Answer): string => {
      expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
      return answer.cookies.find((pair) => pair.startsWith('__Host-sallyport=')) ?? expect.fail('there is a cookie');
    };
    const sessionAt = async (version: Version, email: string): Promise<string> =>
      cookieFrom(await signInAt(version, email));
    /** What a version says of a session, and what it lets it do. */
    const seenAt = async (version: Version, cookie: string): Promise<unknown> => {
      const { body } = await system.ask(version, '/auth/session', { cookie });
      return [body['status'], (await system.ask(version, '/api/echo', { cookie })).status];
    };
    const addAuthenticator = async (version: Version, cookie: string): Promise<SecondFactor> => {
      const started = await system.ask(version, '/auth/second-factor/totp/start', { cookie, json: {} });
      const totp = String(started.body['secret']);
      // The code of the half minute before: that of now is for the first sign-in.
      const json = { code: totpCode(totp, Date.now() - 30_000) };
      const confirmed = await system.ask(version, '/auth/second-factor/totp/confirm', { cookie, json });
      expect(confirmed).toMatchObject({ status: 200, body: { recoveryCodes: expect.any(Array) as unknown } });
      return { totp, recoveryCodes: confirmed.body['recoveryCodes'] as readonly string[] };
    };
    const secondStepAt = async (version: Version, email: string, step: object): Promise<Answer> => {
      const first = await signInAt(version, email);
      expect(first).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
      return system.ask(version, '/auth/second-factor/verify', { cookie: first.cookies.join('; '), json: step });
    };

    it.each(versions)('keep a session from before the upgrade: %s', async (version) => {
      expect(await seenAt(version, earlier.cookie)).toEqual(['signed-in', 200]);
    });

    it.each(versions)('honour a session that began at %s at the other one, which ends it for both', async (version) => {
      const cookie = await sessionAt(version, 'ada@example.test');
      expect(await seenAt(other(version), cookie)).toEqual(['signed-in', 200]);
      expect((await system.ask(other(version), '/auth/sign-out', { cookie, json: {} })).status).toBe(204);
      await expect.poll(() => seenAt(version, cookie)).toEqual(['signed-out', 401]);
    });

    it('publish the same keys', async () => {
      expect(await system.keysAt('today')).toEqual(await system.keysAt('before'));
    });

    it.each(versions)('take a recovery code from before the upgrade once: first at %s', async (version) => {
      const step = { method: 'recovery-code', code: earlier.recoveryCodes[versions.indexOf(version)] };
      expect(cookieFrom(await secondStepAt(version, 'grace@example.test', step))).not.toBe('');
      expect(await secondStepAt(other(version), 'grace@example.test', step)).toMatchObject(refused);
    });

    it('take a code of the authenticator app once, at the one where it comes first', async () => {
      const step = { method: 'totp', code: totpCode(earlier.totp, Date.now()) };
      expect(cookieFrom(await secondStepAt('today', 'grace@example.test', step))).not.toBe('');
      expect(await secondStepAt('before', 'grace@example.test', step)).toMatchObject(refused);
    });

    it.each(versions)('accept at the other one an authenticator app that is added at %s', async (version) => {
      const email = `new-${version}@example.test`;
      await system.createAdmin(version, email);
      const { totp } = await addAuthenticator(version, await sessionAt(version, email));
      const step = { method: 'totp', code: totpCode(totp, Date.now()) };
      const cookie = cookieFrom(await secondStepAt(other(version), email, step));
      expect(await seenAt(version, cookie)).toEqual(['signed-in', 200]);
    });

    it('refuse a recovery code that the previous version cannot read there, and do not use it up', async () => {
      const email = 'codes@example.test';
      await system.createAdmin('today', email);
      const { recoveryCodes } = await addAuthenticator('today', await sessionAt('today', email));
      const step = { method: 'recovery-code', code: recoveryCodes[0] };
      expect(await secondStepAt('before', email, step)).toMatchObject(refused);
      expect(cookieFrom(await secondStepAt('today', email, step))).not.toBe('');
    });
  },
);
