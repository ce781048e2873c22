import { createInProcessCounters } from '@sallyport/stores';
import { SallyportError, type Counters } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  beginSignIn,
  callerOf,
  codeOf,
  makeAppOwner,
  verify,
  wrongCodeFor,
  type AppOwner,
} from './factor.test-support.ts';
import { isEmbedded, onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
let owner: AppOwner;
beforeEach(async () => {
  harness = await startHarness();
  owner = await makeAppOwner(harness, email);
});
afterEach(() => harness.close());

const right = (steps = 0) => codeOf(harness, owner.secret, steps);
const wrong = () => wrongCodeFor(harness, owner.secret);

describe(onDatabase('second factor: an outage'), () => {
  it('of the counters is 503, and the code is not used up', async () => {
    let isDown = false;
    const working = createInProcessCounters({ now: () => other.now() });
    const counters: Counters = {
      increment: async (key, seconds) => (fail(), working.increment(key, seconds)),
      decrement: async (key) => (fail(), working.decrement(key)),
      read: async (key) => (fail(), working.read(key)),
      reset: async (key) => (fail(), working.reset(key)),
    };
    function fail(): void {
      if (isDown) throw new SallyportError('SP_STORE_UNAVAILABLE');
    }
    const other = await startHarness({ counters });
    const kim = await makeAppOwner(other, 'kim@example.test');
    const pending = await beginSignIn(other, kim.email);
    isDown = true;
    const during = await verify(other, pending, codeOf(other, kim.secret));
    expect(during).toMatchObject({ status: 503, cookie: undefined, pending: undefined });
    isDown = false;
    expect(await verify(other, pending, codeOf(other, kim.secret))).toMatchObject({ status: 200 });
    await other.close();
  });

  it.skipIf(!isEmbedded())(
    'of a database that cannot be written is 503, leaves the cookies alone, and the code unused',
    async () => {
      const pending = await beginSignIn(harness, email);
      harness.sqlite.exec('PRAGMA query_only = ON');
      const answer = await verify(harness, pending, right());
      expect(answer).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' } });
      expect(answer.headers.getSetCookie()).toEqual([]);
      harness.sqlite.exec('PRAGMA query_only = OFF');
      expect(await verify(harness, pending, right())).toMatchObject({ status: 200 });
    },
  );

  it.skipIf(!isEmbedded())('of a database that is gone is 503, and no try is counted', async () => {
    const counted: string[] = [];
    const working = createInProcessCounters();
    const increment: Counters['increment'] = (key, seconds) => (counted.push(key), working.increment(key, seconds));
    const other = await startHarness({ counters: { ...working, increment } });
    const kim = await makeAppOwner(other, 'kim@example.test');
    const pending = await beginSignIn(other, kim.email);
    counted.length = 0;
    other.sqlite.close();
    expect(await verify(other, pending, '000000')).toMatchObject({ status: 503, cookie: undefined });
    expect(counted).toEqual([]);
  });
});

describe(onDatabase('second factor: what is recorded'), () => {
  it('holds no code, no secret and no address', async () => {
    const pending = await beginSignIn(harness, email);
    await verify(harness, pending, wrong());
    await verify(harness, pending, right());
    const types = (await harness.events()).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining([
        'second-factor.added',
        'second-factor.recovery-codes-made',
        'sign-in.second-factor-asked',
        'second-factor.refused',
        'sign-in.succeeded',
      ]),
    );
    const text = JSON.stringify([await harness.events(), harness.logLines]);
    for (const secret of [owner.secret, right(), wrong(), email, ...owner.recoveryCodes])
      expect(text).not.toContain(secret);
    expect(harness.logLines).toEqual([]);
  });

  it('calls nothing a sign-in before it is one', async () => {
    await beginSignIn(harness, email);
    const signIns = (await harness.events()).filter(({ type }) => type === 'sign-in.succeeded');
    expect(signIns).toHaveLength(1);
    expect(await callerOf(harness, owner.sid)).toBeDefined();
  });
});
