import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { goodPassword, startHarness, type Harness } from './identity.test-support.ts';

const email = 'robin@example.test';
const ownNetwork = '203.0.113.9';
const newPassword = 'another-violet-kettle-north-9';

type Step =
  | { readonly kind: 'guess'; readonly from: string }
  | { readonly kind: 'ask-for-link'; readonly from: string }
  | { readonly kind: 'sign-up'; readonly from: string }
  | { readonly kind: 'wait'; readonly seconds: number };

/** The attacker may be in the network of the owner, and in any other. */
const network = fc.oneof(
  fc.constant(ownNetwork),
  fc.integer({ min: 1, max: 40 }).map((host) => `198.51.100.${host}`),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('guess' as const), from: network }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask-for-link' as const), from: network }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sign-up' as const), from: network }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 3000 }) }),
  },
);

async function take({ call, advance }: Harness, attack: Step): Promise<void> {
  // No two links are made at the same moment.
  advance(1);
  if (attack.kind === 'wait') return advance(attack.seconds);
  const options = { address: attack.from };
  if (attack.kind === 'guess')
    await call('POST', '/auth/sign-in/email', { email, password: 'not the password' }, options);
  if (attack.kind === 'ask-for-link') await call('POST', '/auth/request-password-reset', { email }, options);
  if (attack.kind === 'sign-up')
    await call('POST', '/auth/sign-up/email', { name: 'Eve', email, password: goodPassword }, options);
}

/** The token of the newest link in the inbox once nothing more arrives, whichever client asked for it. */
async function newestLinkIn({ mailTo }: Harness): Promise<string> {
  for (let arrived = 0; ;) {
    const links = (await mailTo(email, 1)).filter(({ kind }) => kind === 'reset-password');
    if (links.length > 0 && links.length === arrived)
      return new URL(links[0]?.links[0] ?? 'missing:').searchParams.get('token') ?? '';
    arrived = links.length;
    await delay(50);
  }
}

it('the owner of an account is let in on a new browser by mail, whatever an attacker did before and goes on doing', async () => {
  const sequence = fc.array(step, { minLength: 5, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sequence, async (attack) => {
      const test = await startHarness({
        guessLimits: { accountFromNetwork: { maxFailures: 2 }, account: { maxFailures: 3 } },
      });
      try {
        await test.makeUser(email);
        for (const one of attack) await take(test, one);
        test.advance(1);
        await test.call('POST', '/auth/request-password-reset', { email }, { address: ownNetwork });
        const token = await newestLinkIn(test);
        const reset = await test.call('POST', '/auth/reset-password', { token, newPassword }, { address: ownNetwork });
        expect(reset.status).toBe(200);
        for (const one of attack.filter(({ kind }) => kind !== 'wait')) await take(test, one);
        const device = reset.headers.getSetCookie().find((line) => /^sallyport-\d+-device=/.test(line)) ?? '';
        const body = { email, password: newPassword };
        const options = { address: ownNetwork, headers: { cookie: device.split(';')[0] ?? '' } };
        expect((await test.call('POST', '/auth/sign-in/email', body, options)).status).toBe(200);
      } finally {
        await test.close();
      }
    }),
    { numRuns: 5 },
  );
}, 180_000);
