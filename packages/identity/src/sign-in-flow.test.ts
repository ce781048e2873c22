import {
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  keyTable,
  openEmbeddedDatabase,
  sessionTable,
} from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, startHarness, type Harness, type HarnessStores } from './identity-harness.ts';

const stores: HarnessStores = {
  openDatabase: (file) => openEmbeddedDatabase({ file }),
  tables: [sessionTable, keyTable],
  createSessions: createRecordSessionStore,
  createBus: createInProcessBus,
  createCounters: (now) => createInProcessCounters({ now }),
  sealerFor: createSealer([{ version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' }]),
};

const email = 'robin@example.test';
const signUp = { name: 'Robin Doe', email, password: goodPassword };

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness(stores);
});
afterEach(() => harness.close());

describe('the way in', () => {
  it('leads from sign-up over the mailed link to a session that the door can look up', async () => {
    expect(await harness.call('POST', '/auth/sign-up/email', signUp)).toMatchObject({
      status: 200,
      body: { status: 'verification-sent' },
    });
    const token = await harness.linkToken(email, 'verify-email');
    expect(await harness.call('POST', '/auth/verify-email', { token })).toMatchObject({
      status: 200,
      body: { status: 'verified' },
    });
    const answer = await harness.call('POST', '/auth/sign-in/email', {
      email,
      password: goodPassword,
      returnTo: '/account?tab=1',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { email, roles: ['user'] }, returnTo: '/account?tab=1' },
    });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^sallyport=[A-Za-z0-9_-]{32,128}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/,
    );
    const session = await harness.identity.directory.byToken(answer.cookie ?? '');
    expect(session?.principal).toMatchObject({
      kind: 'user',
      roles: ['user'],
      permissions: ['product:read'],
      acr: 'pwd',
      amr: ['pwd'],
      credential: 'session',
      profile: { name: 'Robin Doe', email },
      generation: { session: 1, user: 1, policy: 0 },
    });
  });
});
