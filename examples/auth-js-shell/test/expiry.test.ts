import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Visitor } from './http-visitor.test-support.ts';
import { startShellSystem, stores, type ShellSystem, type ShellSystemOptions } from './shell-system.test-support.ts';

/** A token is refreshed in the last thirty seconds of its life. */
const freshSeconds = 6;
const accessTokenSeconds = 30 + freshSeconds;
const parallel = 50;

let system: ShellSystem | undefined;
afterEach(async () => {
  await system?.close();
  system = undefined;
});

async function start(options: ShellSystemOptions): Promise<ShellSystem> {
  system = await startShellSystem(options);
  return system;
}

/**
 * Signs in a user, and begins to count. The page on which a sign-in ends is forwarded with the token of the user, and a
 * token that is in its last thirty seconds from the start is refreshed for it.
 */
async function signIn(running: ShellSystem): Promise<SignedIn> {
  const { issuer } = running;
  const visitor = await running.signIn();
  const before = issuer.refreshes;
  return { visitor, refreshes: () => issuer.refreshes - before };
}

interface SignedIn {
  readonly visitor: Visitor;
  /** Refreshes that the provider answered anew since then. */
  readonly refreshes: () => number;
}

/** Sends requests of one browser at once, to a process of the shell. */
async function burst(visitor: Visitor, { shellUrl }: ShellSystem, address: string): Promise<readonly Answer[]> {
  const cookie = visitor.cookies(shellUrl);
  return Promise.all(
    Array.from({ length: parallel }, async () => {
      const headers = { cookie, 'sec-fetch-site': 'same-origin' };
      const answer = await fetch(`${address}/api/shop/products`, { headers });
      const { authorization } = (await answer.json()) as { readonly authorization: string | null };
      return { status: answer.status, authorization, setCookies: answer.headers.getSetCookie() };
    }),
  );
}

interface Answer {
  readonly status: number;
  readonly authorization: string | null;
  readonly setCookies: readonly string[];
}

async function tokenOf(visitor: Visitor, { shellUrl }: ShellSystem): Promise<string | null> {
  const answer = await visitor.call(`${shellUrl}/api/shop/products`);
  return ((await answer.json()) as { readonly authorization: string | null }).authorization;
}

async function isSignedIn(visitor: Visitor, { shellUrl }: ShellSystem): Promise<boolean> {
  const session = (await (await visitor.call(`${shellUrl}/api/auth/session`)).json()) as { readonly user?: object };
  const shown = (await (await visitor.call(`${shellUrl}/auth/session`)).json()) as { readonly status: string };
  expect(session.user !== undefined).toBe(shown.status === 'signed-in');
  return session.user !== undefined;
}

describe.each(stores)('a shell with %s', (store) => {
  it('refreshes once for 50 requests at each of two processes when a token ends, and signs no user out', async () => {
    const running = await start({ store, processes: 2, accessTokenSeconds });
    const { visitor, refreshes } = await signIn(running);
    const before = await tokenOf(visitor, running);
    await pause(freshSeconds * 1000 + 300);

    const answers = await Promise.all(running.shells.map(({ address }) => burst(visitor, running, address)));
    const tokens = new Set(answers.flat().map(({ authorization }) => authorization));

    expect(new Set(answers.flat().map(({ status }) => status))).toEqual(new Set([200]));
    expect(refreshes()).toBe(1);
    expect(tokens.size).toBe(1);
    expect(tokens.has(before)).toBe(false);
    for (const line of answers.flat().flatMap(({ setCookies }) => setCookies))
      visitor.setCookie(running.shellUrl, line);
    expect(await isSignedIn(visitor, running)).toBe(true);
    expect(tokens.has(await tokenOf(visitor, running))).toBe(true);
  });

  it('serves what is left of a token while the provider is down, and refreshes when it is back', async () => {
    const running = await start({ store, accessTokenSeconds: 30 });
    const visitor = await running.signIn();
    running.issuer.refreshMode = 'down';
    const before = await tokenOf(visitor, running);
    expect(before).toMatch(/^Bearer /);
    expect(await isSignedIn(visitor, running)).toBe(true);

    running.issuer.refreshMode = 'answer';
    expect(await tokenOf(visitor, running)).not.toBe(before);
  });

  it('answers 503 when a token is over and the provider is down, and signs no user out', async () => {
    const running = await start({ store, accessTokenSeconds: 2 });
    const visitor = await running.signIn();
    running.issuer.refreshMode = 'down';
    await pause(2100);
    const answer = await visitor.call(`${running.shellUrl}/api/shop/products`);
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);

    running.issuer.refreshMode = 'answer';
    expect(await tokenOf(visitor, running)).toMatch(/^Bearer /);
    expect(await isSignedIn(visitor, running)).toBe(true);
  });

  it('survives a lost reply of the token endpoint', async () => {
    const running = await start({ store, accessTokenSeconds: 30 });
    const { visitor, refreshes } = await signIn(running);
    running.issuer.refreshMode = 'lose-the-reply';
    expect(await tokenOf(visitor, running)).toMatch(/^Bearer /);
    running.issuer.refreshMode = 'answer';

    expect(await tokenOf(visitor, running)).toMatch(/^Bearer /);
    expect(refreshes()).toBe(1);
    expect(await isSignedIn(visitor, running)).toBe(true);
  });

  it('ends the session when the provider ended the grant, and asks once', async () => {
    const running = await start({ store, accessTokenSeconds: 30, tellsClients: false });
    const { visitor, refreshes } = await signIn(running);
    await running.issuer.signOutEverybody();

    expect(await tokenOf(visitor, running)).toBe(null);
    expect(await isSignedIn(visitor, running)).toBe(false);
    expect(refreshes()).toBe(1);
  });

  it('stays signed out when a logout comes while a refresh is under way', async () => {
    const running = await start({ store, accessTokenSeconds: 30 });
    const visitor = await running.signIn();
    running.issuer.refreshMode = 'slow';
    const underWay = tokenOf(visitor, running);
    await pause(400);
    await running.issuer.signOutEverybody();

    expect(await underWay).toBe(null);
    running.issuer.refreshMode = 'answer';
    expect(await tokenOf(visitor, running)).toBe(null);
    expect(await isSignedIn(visitor, running)).toBe(false);
  });
});

describe.each(stores.filter((store) => store !== 'cookies'))('a shell with a %s', (store) => {
  it('takes over the refresh of a process that was killed in the middle of it', async () => {
    const running = await start({ store, processes: 2, accessTokenSeconds: 30 });
    const [first, second] = running.shells;
    const { visitor, refreshes } = await signIn(running);
    running.issuer.refreshMode = 'slow';
    const cookie = visitor.cookies(running.shellUrl);
    const lost = fetch(`${first?.address}/api/shop/products`, { headers: { cookie } }).catch(() => undefined);
    await pause(400);
    await first?.kill();
    await lost;
    running.issuer.refreshMode = 'answer';

    const answer = await fetch(`${second?.address}/api/shop/products`, { headers: { cookie } });
    const { authorization } = (await answer.json()) as { readonly authorization: string | null };
    expect(authorization).toMatch(/^Bearer /);
    expect(refreshes()).toBe(1);
  });
});
