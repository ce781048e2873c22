import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '@sallyport/core';
import { chosen, email, mallory, robin, startAddressClaim, type AddressClaim } from './address-proof.test-support.ts';
import type { Browser } from './browser.test-support.ts';
import { setUpApp } from './features/second-factor/factor.test-support.ts';
import { isEmbedded, onDatabase, type Harness } from './identity.test-support.ts';

const strangerPasswords = [mallory.password, 'fourth-violet-kettle-13'] as const;
const recordOf = (emailVerified: boolean) => ({ name: 'From the file', email, emailVerified, roles: ['vendor'] });

interface World extends AddressClaim {
  /** Roles that an operator gave. */
  operatorRoles: readonly string[] | undefined;
}

type Step = (world: World) => Promise<unknown>;

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** Everything that could set something before the proof, by who can do it without the mail. */
const strangerSteps: Readonly<Record<string, Step>> = {
  'stranger signs up': ({ stranger }) => stranger.post('/auth/sign-up/email', mallory),
  'stranger signs up with another password': ({ stranger }) =>
    stranger.post('/auth/sign-up/email', { ...mallory, password: strangerPasswords[1] }),
  'stranger asks for the mail again': ({ stranger }) => stranger.post('/auth/send-verification-email', { email }),
  'stranger asks for a reset': ({ stranger }) => stranger.post('/auth/request-password-reset', { email }),
  'stranger signs in': ({ stranger }) => stranger.signIn(email, mallory.password),
  'stranger signs in with the other password': ({ stranger }) => stranger.signIn(email, strangerPasswords[1]),
  'stranger guesses a link': ({ stranger }) =>
    stranger.post('/auth/verify-email', {
      token: 'A'.repeat(43),
      name: mallory.name,
      newPassword: mallory.password,
    }),
  'stranger sets up an app': async ({ harness: { call }, stranger }) => {
    const caller = await stranger.caller();
    if (caller !== undefined) return setUpAppOf(caller);
    return call('POST', '/auth/second-factor/totp/start', undefined, { headers: cookieOf(stranger) });
  },
};

const otherSteps: Readonly<Record<string, Step>> = {
  'owner signs up': ({ owner }) => owner.post('/auth/sign-up/email', robin),
  'owner asks for the mail again': ({ owner }) => owner.post('/auth/send-verification-email', { email }),
  'an hour passes': async (world) => world.harness.advance(60 * 60),
  'the links expire': async (world) => world.harness.advance(25 * 60 * 60),
  'operator gives a role': async ({ harness: { identity } }) => {
    const user = await identity.accounts.findByEmail(email);
    if (user?.expiresAt) await expect(identity.accounts.setRoles(user.id, ['admin'])).rejects.toThrow('SP_CONFLICT');
  },
  'operator imports the address, unconfirmed': async (world) => {
    if ((await world.harness.identity.accounts.importUsers([recordOf(false)])) > 0) world.operatorRoles = ['vendor'];
  },
};

/** The ways in which the owner of the address can prove it; each resolves to the password that must work afterwards. */
const proofs: Readonly<Record<string, (world: World) => Promise<string>>> = {
  'opens the newest link where it was signed up': async (world) => {
    await world.owner.post('/auth/sign-up/email', robin);
    const token = await newest(world, 'verify-email');
    if ((await world.owner.post('/auth/verify-email', { token })).status === 200) return robin.password;
    return reset(world);
  },
  'opens the newest link on the phone': async (world) => {
    await world.owner.post('/auth/sign-up/email', robin);
    const token = await newest(world, 'verify-email');
    if ((await world.phone.post('/auth/verify-email', { token, ...chosen })).status === 200) return chosen.newPassword;
    return reset(world);
  },
  'opens the link of the last sign-up, which the stranger made': async (world) => {
    await world.stranger.post('/auth/sign-up/email', { ...mallory, password: strangerPasswords[1] });
    const token = await newest(world, 'verify-email');
    const kept = await world.owner.post('/auth/verify-email', { token });
    expect([400, 422]).toContain(kept.status);
    if ((await world.owner.post('/auth/verify-email', { token, ...chosen })).status === 200) return chosen.newPassword;
    return reset(world);
  },
  'resets the password': async (world) => {
    await world.stranger.post('/auth/sign-up/email', mallory);
    return reset(world);
  },
};

const anyOf = <T>(steps: Readonly<Record<string, T>>) => fc.constantFrom(...Object.keys(steps));
const before = fc.array(fc.oneof(anyOf(strangerSteps), anyOf(otherSteps)), { maxLength: 7 });
const after = fc.array(anyOf(strangerSteps), { maxLength: 5 });
const runs = isEmbedded() ? 25 : 8;

describe(onDatabase('after the proof of an address'), () => {
  it('nothing works that a stranger set before or tries later, whatever happened in between', async () => {
    await fc.assert(
      fc.asyncProperty(before, anyOf(proofs), after, async (early, proof, late) => {
        const world = await openWorld();
        try {
          for (const step of early) await (strangerSteps[step] ?? otherSteps[step])?.(world);
          // The cap on mails to one address is by the hour.
          world.harness.advance(60 * 60);
          const password = (await proofs[proof]?.(world)) ?? '';
          await requireOwners(world, password);
          for (const step of late) await strangerSteps[step]?.(world);
          await requireOwners(world, password);
        } finally {
          await world.harness.close();
          harness = undefined;
        }
      }),
      { numRuns: runs, endOnFailure: false },
    );
  }, 240_000);
});

async function openWorld(): Promise<World> {
  const claim = await startAddressClaim();
  harness = claim.harness;
  return { ...claim, operatorRoles: undefined };
}

async function requireOwners(world: World, password: string): Promise<void> {
  const { records } = world.harness.database;
  for (const guessed of strangerPasswords) expect((await world.stranger.signIn(email, guessed)).status).toBe(401);
  expect(await world.stranger.caller()).toBeUndefined();
  expect(await world.harness.identity.accounts.findByEmail(email)).toMatchObject({
    emailVerified: true,
    name: expect.not.stringMatching(mallory.name) as string,
    roles: world.operatorRoles ?? ['user'],
    expiresAt: null,
  });
  for (const model of ['sallyportFactor', 'sallyportRecoveryCode', 'sallyportPendingSignIn'])
    expect(await records.count({ model })).toBe(0);
  expect(await records.count({ model: 'user' })).toBe(1);
  expect(await world.owner.signIn(email, password)).toMatchObject({ status: 200, body: { status: 'signed-in' } });
}

async function reset(world: World): Promise<string> {
  await world.owner.post('/auth/request-password-reset', { email });
  const token = await newest(world, 'reset-password');
  expect((await world.owner.post('/auth/reset-password', { token, newPassword: chosen.newPassword })).status).toBe(200);
  return chosen.newPassword;
}

/** The token of the mail of a kind that came last, once nothing is on its way any more. */
async function newest({ harness: { mailTo, linkToken } }: World, kind: string): Promise<string> {
  let count = -1;
  for (let found = 0; found !== count; found = (await mailTo(email, 0)).length) {
    count = found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return linkToken(email, kind, 0);
}

function setUpAppOf(caller: Caller) {
  return setUpApp(harness ?? raise(), { caller });
}

function cookieOf(browser: Browser): Readonly<Record<string, string>> {
  const cookie = Object.entries(browser.cookies()).map(([name, value]) => `${name}=${value}`);
  return { cookie: cookie.join('; ') };
}

function raise(): never {
  throw new Error('the harness is not open');
}
