import { createPublicKey, verify } from 'node:crypto';
import type { Meter } from '@sallyport/core';
import { goodPassword, onDatabase, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MadeClient } from '../clients/oauth-clients.ts';
import type { OAuthClient } from '../clients/oauth-client.ts';
import { operate, partner, startOAuthHarness } from '../oauth.test-support.ts';
import { createPostForm } from '../outbound/post-form.ts';
import { createLogoutQueue, type LogoutQueue } from './logout-queue.ts';
import { claimMilliseconds, createLogoutSender, giveUpSeconds, type LogoutSender } from './logout-sender.ts';
import { findOverdueLogouts } from './overdue-logouts.ts';
import { startReceiver, type LogoutReceiver } from './receiver.test-support.ts';

const email = 'ada@example.test';
let harness: Harness;
let receiver: LogoutReceiver;
let queue: LogoutQueue;
let isClosing: boolean;
let counts: Map<string, number>;
let userId: string;

/** What the receiver answers; it takes every token unless a test says otherwise. */
let answerWith: Parameters<typeof startReceiver>[0];
beforeEach(async () => {
  answerWith = (response) => void response.end();
  isClosing = false;
  counts = new Map();
  receiver = await startReceiver((response, count) => answerWith?.(response, count));
  harness = await startOAuthHarness({ oauthProvider: { privateHosts: [receiver.host] } });
  queue = createLogoutQueue(harness.database.records, harness.now);
  userId = await harness.makeUser(email);
});
afterEach(async () => {
  await harness.close();
  await receiver.close();
});

const countingMeter: Meter = {
  counter: () => ({ of: (outcome = '') => ({ add: () => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1) }) }),
  histogram: () => ({ of: () => ({ observe: () => {} }) }),
  gauge: () => {},
};

/** What a gateway runs; several of them are several gateways. */
function createGatewaySender(
  privateHosts: readonly string[] = [receiver.host],
  timeoutMilliseconds = 10_000,
): LogoutSender {
  const { keyRing } = harness;
  if (keyRing === undefined) throw new TypeError('the harness has no key ring');
  return createLogoutSender({
    queue,
    findClient: (id) => operate<OAuthClient | null>(harness, 'oauth-clients/find', { id }),
    keyRing,
    issuer: 'http://localhost:3000',
    postForm: createPostForm({ privateHosts, timeoutMilliseconds }),
    events: {
      append: async ({ details, ...event }) => {
        const data = { ...event, actor: null, details: JSON.stringify(details) };
        await harness.database.records.create({ model: 'sallyportEvent', data });
      },
    },
    transaction: harness.database.transaction,
    isClosing: () => isClosing,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    meter: countingMeter,
    now: harness.now,
  });
}

async function makeClient(name: string, address = `${receiver.origin}/${name}`): Promise<string> {
  const registration = { ...partner, name, backchannelLogoutUri: address };
  return (await operate<MadeClient>(harness, 'oauth-clients/create', registration)).client.id;
}

/** A session that is signed in at clients. */
async function signInAt(...clientIds: readonly string[]) {
  const session = await harness.signIn(email);
  const expiresAt = new Date(harness.now().getTime() + 7 * 86_400_000);
  for (const clientId of clientIds)
    await queue.record({ sid: session.sid, subject: userId, clientId, clientSid: `sid-at-${clientId}`, expiresAt });
  return session;
}
const paths = (): readonly string[] => receiver.calls.map(({ path }) => path).toSorted();
const waiting = (): Promise<number> =>
  harness.database.records.count({ model: 'sallyportOAuthLogout', where: [{ field: 'state', value: 'waiting' }] });
const dropped = async (): Promise<readonly unknown[]> =>
  (await harness.events()).filter(({ type }) => type === 'backchannel-logout.dropped');

describe(onDatabase('a session that ends'), () => {
  const passwordChange = async (): Promise<unknown> => {
    await harness.call('POST', '/auth/request-password-reset', { email });
    const token = await harness.linkToken(email, 'reset-password');
    return harness.call('POST', '/auth/reset-password', { token, newPassword: 'amber-violet-kettle-marches' });
  };
  const operatorAsks = (name: string, input: object) => () => operate(harness, name, { userId, ...input });

  it.each([
    { name: 'by sign-out', ending: ({ caller }) => harness.call('POST', '/auth/sign-out', undefined, { caller }) },
    {
      name: 'by sign-out everywhere',
      ending: ({ caller }) => harness.call('POST', '/auth/sessions/revoke-all', undefined, { caller }),
    },
    {
      name: 'from the list of sessions',
      ending: ({ caller, sid }) => harness.call('DELETE', `/auth/sessions/${sid}`, undefined, { caller }),
    },
    { name: 'by a ban', ending: operatorAsks('accounts/set-banned', { isBanned: true }) },
    { name: 'by an operator', ending: operatorAsks('sessions/end', {}) },
    { name: 'by a new password', ending: passwordChange },
    { name: 'by the end of the account', ending: operatorAsks('accounts/delete', {}) },
    {
      name: 'by a sign-in in its place',
      ending: ({ caller }) =>
        harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword }, { caller }),
    },
  ] satisfies readonly { name: string; ending: (session: Awaited<ReturnType<typeof signInAt>>) => Promise<unknown> }[])(
    'is told to each of its clients: $name',
    async ({ ending }) => {
      const [one, other] = [await makeClient('one'), await makeClient('other')];
      await makeClient('never-signed-in');
      const session = await signInAt(one, other);
      await ending(session);
      await createGatewaySender().run();
      expect(paths()).toEqual(['/one', '/other']);
      expect(receiver.calls.map(({ claims }) => [claims['sub'], claims['sid']])).toEqual(
        receiver.calls.map(({ claims }) => [userId, `sid-at-${String(claims['aud'])}`]),
      );
      expect(await waiting()).toBe(0);
    },
  );

  it('is told to no one while another session of the same user goes on', async () => {
    const client = await makeClient('one');
    const stays = await signInAt(client);
    const ends = await harness.signIn(email);
    await harness.call('POST', '/auth/sign-out', undefined, { caller: ends.caller });
    await createGatewaySender().run();
    expect(receiver.calls).toEqual([]);
    await harness.call('POST', '/auth/sessions/revoke-others', undefined, { caller: stays.caller });
    expect(await waiting()).toBe(0);
  });

  it('is not told where the change that ends it is taken back', async () => {
    const session = await signInAt(await makeClient('one'));
    if (!harness.database.hasTransactions) return;
    await expect(
      harness.database.transaction(async () => {
        await harness.call('POST', '/auth/sign-out', undefined, { caller: session.caller });
        throw new Error('taken back');
      }),
    ).rejects.toThrow('taken back');
    expect(await waiting()).toBe(0);
  });
});

describe(onDatabase('a logout token'), () => {
  it('is signed by a key that signs nothing else, for one client, and says what the specification demands', async () => {
    const client = await makeClient('one');
    const { caller } = await signInAt(client);
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    await createGatewaySender().run();
    const [call] = receiver.calls;
    const token = new URLSearchParams(call?.body).get('logout_token') ?? '';
    const [header = '', claims = '', signature = ''] = token.split('.');
    const { kid, typ, alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, string>;
    expect([typ, alg]).toEqual(['logout+jwt', 'ES256']);
    const key = harness.keyRing?.publicKeys('logout').keys.find((one) => one.kid === kid);
    const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
    const signed = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), signed, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    const now = Math.floor(harness.now().getTime() / 1000);
    expect(call?.claims).toEqual({
      iss: 'http://localhost:3000',
      aud: client,
      sub: userId,
      sid: `sid-at-${client}`,
      iat: now,
      exp: now + 120,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(call?.claims).not.toHaveProperty('nonce');
    expect(harness.keyRing?.publicKeys('oidc').keys.some((one) => one.kid === kid)).toBe(false);
  });
});

describe(onDatabase('a client that does not take it'), () => {
  it.each([
    ['is broken', (status: number) => status === 500],
    ['refuses', (status: number) => status === 400],
    ['sends elsewhere', (status: number) => status === 302],
    ['does not know it', (status: number) => status === 404],
    ['accepts it for later', (status: number) => status === 202],
  ])('is told again, later and later, until it takes it: it %s', async (_name, matches) => {
    const status = [500, 400, 302, 404, 202].find(matches) ?? 500;
    answerWith = (response, count) => void response.writeHead(count < 3 ? status : 204).end();
    const { caller } = await signInAt(await makeClient('one'));
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    const sender = createGatewaySender();
    await sender.run();
    await sender.run();
    expect(receiver.calls).toHaveLength(1);
    harness.advance(5);
    await sender.run();
    expect(receiver.calls).toHaveLength(2);
    harness.advance(5);
    await sender.run();
    harness.advance(6);
    await sender.run();
    expect([receiver.calls.length, await waiting()]).toEqual([3, 0]);
    expect(new Set(receiver.calls.map(({ claims }) => claims['jti'])).size).toBe(3);
    expect(Object.fromEntries(counts)).toEqual({ failed: 2, delivered: 1 });
  });

  it('is told when it is there again', async () => {
    const down = await startReceiver();
    const { host } = down;
    await down.close();
    const gone = `http://${host}/logout`;
    harness = await withHost(host);
    const { caller } = await signInAt(await makeClient('one', gone));
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    const sender = createGatewaySender([host]);
    await sender.run();
    expect(await waiting()).toBe(1);
    const again = await startReceiver(undefined, Number(host.split(':')[1]));
    harness.advance(6);
    await sender.run();
    expect([again.calls.length, await waiting()]).toEqual([1, 0]);
    await again.close();
  });

  it('is given up after a day, with an event', async () => {
    answerWith = (response) => void response.writeHead(503).end();
    const client = await makeClient('one');
    const { caller, sid } = await signInAt(client);
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    const sender = createGatewaySender();
    let attempts = 0;
    for (let hour = 0; hour <= 24 && (await waiting()) > 0; hour += 1) {
      await sender.run();
      attempts = receiver.calls.length;
      if (hour < 24) expect([await waiting(), await dropped()]).toEqual([1, []]);
      harness.advance(giveUpSeconds / 24);
    }
    expect([await waiting(), attempts]).toEqual([0, 25]);
    expect(await dropped()).toMatchObject([{ target: userId, sid, outcome: 'refused' }]);
    expect(JSON.parse(String(((await dropped()) as { details: string }[])[0]?.details))).toEqual({
      clientId: client,
      attempts: 25,
      failure: 'status-503',
    });
    expect(counts.get('dropped')).toBe(1);
  });

  it('holds up its own logouts, and those of no other', async () => {
    const [slow, quick] = [await makeClient('slow'), await makeClient('quick')];
    answerWith = (response, count) => {
      if (receiver.calls[count - 1]?.path === '/quick') response.end();
    };
    for (let index = 0; index < 6; index += 1) await signInAt(slow, quick);
    await operate(harness, 'sessions/end', { userId });
    await createGatewaySender([receiver.host], 1_000).run();
    expect(paths().filter((path) => path === '/quick')).toHaveLength(6);
    // Four were tried at once, and none of the others while it does not answer.
    expect(paths().filter((path) => path === '/slow')).toHaveLength(4);
    expect(await waiting()).toBe(6);
    const findings = await findOverdueLogouts(harness.database.records, new Date(harness.now().getTime() + 1));
    expect(findings).toEqual([{ clientId: slow, count: 6, failure: 'timeout' }]);
  });

  it('gets so many in a turn, and the others in the next ones', async () => {
    const [many, other] = [await makeClient('many'), await makeClient('other')];
    for (let index = 0; index < 20; index += 1) await signInAt(many);
    await signInAt(other);
    await operate(harness, 'sessions/end', { userId });
    const sender = createGatewaySender();
    expect(await sender.run()).toBe(13);
    expect([paths().filter((path) => path === '/many').length, paths().includes('/other')]).toEqual([12, true]);
    expect(await sender.run()).toBe(8);
    expect(await sender.run()).toBe(0);
    expect([receiver.calls.length, await waiting()]).toEqual([21, 0]);
  });

  it('is not called at a private host that is listed no more', async () => {
    const { caller } = await signInAt(await makeClient('one'));
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    await createGatewaySender([]).run();
    expect([receiver.calls, await waiting()]).toEqual([[], 1]);
    const [finding] = await findOverdueLogouts(harness.database.records, new Date(harness.now().getTime() + 1));
    expect(finding?.failure).toBe('private-host');
  });
});

describe(onDatabase('several gateways'), () => {
  it('tell a client once', async () => {
    const { caller } = await signInAt(await makeClient('one'));
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    const gateways = Array.from({ length: 4 }, () => createGatewaySender());
    for (const gateway of gateways) await gateway.run();
    expect([receiver.calls.length, await waiting()]).toEqual([1, 0]);
  });

  it('take over what one left that died while it waited for the answer', async () => {
    answerWith = () => {};
    const { caller } = await signInAt(await makeClient('one'));
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    // It leaves what it claimed, as a process does that is killed.
    const dying = createGatewaySender([receiver.host], 500);
    const run = dying.run();
    await receiver.until(1);
    isClosing = true;
    await run;
    isClosing = false;
    answerWith = (response) => void response.end();
    const other = createGatewaySender();
    await other.run();
    expect([receiver.calls.length, await waiting()]).toEqual([1, 1]);
    harness.advance(claimMilliseconds / 1000 + 1);
    await other.run();
    expect([receiver.calls.length, await waiting()]).toEqual([2, 0]);
  });
});

describe(onDatabase('no one'), () => {
  it('is told of a client that is gone, or is not to be told any more', async () => {
    const [gone, silent] = [await makeClient('gone'), await makeClient('silent')];
    const { caller } = await signInAt(gone, silent);
    await operate(harness, 'oauth-clients/delete', { id: gone });
    await operate(harness, 'oauth-clients/update', { id: silent, change: { backchannelLogoutUri: null } });
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    await createGatewaySender().run();
    expect([receiver.calls, await waiting(), counts.get('obsolete')]).toEqual([[], 0, 1]);
  });
});

/** The same harness for a client at another host. */
async function withHost(host: string): Promise<Harness> {
  await harness.close();
  const other = await startOAuthHarness({ oauthProvider: { privateHosts: [host] } });
  queue = createLogoutQueue(other.database.records, other.now);
  userId = await other.makeUser(email);
  return other;
}
