import { recordModels } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, makeAppOwner, setUpApp, verify, type AppOwner } from './factor.test-support.ts';
import { cheapHashing } from '../../hashing/in-process-hashing.test-support.ts';
import { createPasswordHashing } from '../../hashing/password-hashing.ts';
import { canRace, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
let owner: AppOwner;
beforeEach(async () => {
  harness = await startHarness();
  owner = await makeAppOwner(harness, email);
});
afterEach(() => harness.close());

const invalid = { status: 401, body: { code: 'SP_CODE_INVALID' }, cookie: undefined };

describe(onDatabase('second factor: a recovery code'), () => {
  it('signs in once, as mfa, and its owner is told', async () => {
    const [code = ''] = owner.recoveryCodes;
    const answer = await verify(harness, await beginSignIn(harness, email), code, 'recovery-code');
    expect(answer).toMatchObject({ status: 200 });
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });
    expect(await verify(harness, await beginSignIn(harness, email), code, 'recovery-code')).toMatchObject(invalid);
    expect((await harness.mailTo(email, 2))[0]).toMatchObject({ kind: 'recovery-code-used' });
    const status = await harness.call('GET', '/auth/second-factor', undefined, { caller: owner.caller });
    expect(status.body).toMatchObject({ recoveryCodesLeft: 9 });
  });

  it.skipIf(!canRace())('makes one session when it is sent ten times at once, in as many sign-ins', async () => {
    const [code = ''] = owner.recoveryCodes;
    const pendings = await Promise.all(Array.from({ length: 6 }, () => beginSignIn(harness, email)));
    const answers = await Promise.all(pendings.map((pending) => verify(harness, pending, code, 'recovery-code')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it.each([
    { name: 'in capitals', type: (code: string) => code.toUpperCase() },
    { name: 'without hyphens', type: (code: string) => code.replaceAll('-', '') },
    { name: 'with spaces', type: (code: string) => ` ${code.replaceAll('-', ' ')} ` },
    { name: 'with O for zero and L for one', type: (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l') },
  ])('may be typed $name', async ({ type }) => {
    const code = owner.recoveryCodes.find((one) => /[01]/.test(one)) ?? '';
    const answer = await verify(harness, await beginSignIn(harness, email), type(code), 'recovery-code');
    expect(answer).toMatchObject({ status: 200 });
  });

  it('is of use to its own account only', async () => {
    const other = await makeAppOwner(harness, 'kim@example.test');
    const [code = ''] = other.recoveryCodes;
    expect(await verify(harness, await beginSignIn(harness, email), code, 'recovery-code')).toMatchObject(invalid);
  });

  it('is hashed in no thread for passwords, neither when it is made nor when it is looked up', async () => {
    const seen: string[] = [];
    const watched = await startHarness({
      hashingThreads: { ...cheapHashing, run: (work) => (seen.push(work.kind), cheapHashing.run(work)) },
    });
    try {
      await watched.makeUser(email);
      const { caller } = await watched.signIn(email);
      seen.length = 0;
      const { recoveryCodes } = await setUpApp(watched, { caller });
      expect(recoveryCodes).toHaveLength(10);
      expect(seen).toEqual([]);
      const pending = await beginSignIn(watched, email);
      seen.length = 0;
      expect(await verify(watched, pending, recoveryCodes[9] ?? '', 'recovery-code')).toMatchObject({ status: 200 });
      expect(seen).toEqual([]);
    } finally {
      await watched.close();
    }
  });

  it('that was stored as passwords are still works once, and others stay', async () => {
    const [first = '', second = ''] = owner.recoveryCodes;
    const { records } = harness.database;
    const plain = first.replaceAll('-', '');
    const hashing = createPasswordHashing({}, undefined, cheapHashing);
    const [row] = await records.findMany<{ id: string }>({
      model: recordModels.recoveryCode,
      where: [{ field: 'userId', value: owner.id }],
      limit: 1,
    });
    await records.updateMany({
      model: recordModels.recoveryCode,
      where: [{ field: 'id', value: row?.id ?? '' }],
      update: { codeHash: await hashing.hash(plain), sealedKey: null },
    });
    const use = async (code: string) => verify(harness, await beginSignIn(harness, email), code, 'recovery-code');
    expect(await use(first)).toMatchObject({ status: 200 });
    expect(await use(first)).toMatchObject(invalid);
    // Of the row that was written over, or of another: one of the two is still there.
    const others = await Promise.all([second, owner.recoveryCodes[2] ?? ''].map(use));
    expect(others.some(({ status }) => status === 200)).toBe(true);
  });

  it('is stored as an HMAC alone, and its key only sealed', async () => {
    const dumped = await harness.dump();
    for (const code of owner.recoveryCodes) {
      expect(dumped).not.toContain(code);
      expect(dumped).not.toContain(code.replaceAll('-', ''));
    }
  });
});
