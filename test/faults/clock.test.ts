import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, cookieOf, statusOfSession, type AskGateway } from '../../tools/launch/gateway-client.ts';
import { faultStores, startFaultySystem, type FaultySystem } from './own-system.ts';

const embedded = faultStores[0];
const products = '/api/shop/products';

let system: FaultySystem;
afterEach(() => system.dispose());

describe('the clock of a gateway', () => {
  it.each([-20, 20])('may be wrong by %i seconds: people sign in, and services answer them', async (seconds) => {
    const { ask, cookie } = await signInWithClock(seconds);
    expect(await ask(products, { cookie })).toMatchObject({ status: 200 });
    expect(await ask('/auth/sign-out', { method: 'POST', json: {}, cookie })).toMatchObject({ status: 204 });
    expect(await statusOfSession(ask, cookie)).toBe(401);
  });

  it.each([
    { seconds: -600, reason: 'out-of-date' },
    { seconds: 600, reason: 'made-in-the-future' },
  ])(
    'that is wrong by $seconds seconds makes tokens that services refuse, and say why; no user is signed out',
    async ({ seconds, reason }) => {
      const { ask, cookie } = await signInWithClock(seconds);
      const answer = await ask(products, { cookie });
      expect(answer).toMatchObject({ status: 401, cookie: undefined });
      expect(system.lastLines('shop', 50).join('\n')).toContain(reason);
      expect(await ask('/auth/session', { cookie })).toMatchObject({ status: 200, body: { status: 'signed-in' } });
    },
  );

  it.each([-3600, 3600])(
    'may be put right after it was wrong by %i seconds: the next request is fine',
    async (seconds) => {
      const { ask, cookie } = await signInWithClock(0, { CLOCK_SHIFT_MILLISECONDS: String(seconds * 1000) });
      await turnClock(ask, cookie, 401);
      await turnClock(ask, cookie, 200);
      expect(await ask('/auth/session', { cookie })).toMatchObject({ body: { status: 'signed-in' } });
    },
  );
});

/** Signals do not say when they were heard. */
async function turnClock(ask: AskGateway, cookie: string, status: number): Promise<void> {
  process.kill(system.pid('gateway') ?? 0, 'SIGUSR2');
  await expect.poll(async () => (await ask(products, { cookie })).status, { timeout: 15_000 }).toBe(status);
}

async function signInWithClock(
  seconds: number,
  later?: Readonly<Record<string, string>>,
): Promise<{ readonly ask: AskGateway; readonly cookie: string }> {
  system = await startFaultySystem(embedded, {
    environment: {
      gateway: {
        NODE_OPTIONS: `--import=${new URL('shift-clock.mjs', import.meta.url).href}`,
        ...(later === undefined
          ? { CLOCK_SHIFT_MILLISECONDS: String(seconds * 1000) }
          : { CLOCK_SHIFT_LATER: '1', ...later }),
      },
    },
  });
  const ask = connectTo(system);
  const account = system.accounts.find(({ roles }) => roles.includes('user'));
  if (account === undefined) throw new Error('there is no account of a user');
  return { ask, cookie: await cookieOf(ask, account) };
}
