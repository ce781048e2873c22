import { freezePrincipal, type AuthenticatedCaller, type Authenticator } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDpopClient } from '../test-support/dpop-client.ts';
import type { TestGateway } from '../test-support/test-gateway.ts';
import { handshake, type WebSocketClient } from '../test-support/web-socket-client.ts';
import { closeSeenBy, sessionEnded, settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

let streams: TestStreams;
const holder = createDpopClient();
let isEnded: boolean;
let gateway: TestGateway;

const caller: AuthenticatedCaller = {
  principal: freezePrincipal({
    kind: 'user',
    id: 'alice',
    clientId: 'client-1',
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(0),
    credential: 'bearer',
    generation: { session: 1, user: 1, policy: 1 },
  } as const),
  credentialId: 'bound',
  endedBy: [{ kind: 'client', id: 'grant' }],
  confirmation: { jkt: holder.jkt },
};
const tokens: Authenticator = {
  kind: 'bearer',
  alwaysReadsStore: true,
  recognize: ({ header, value }) => (header === 'authorization' ? /^DPoP (bound)$/.exec(value)?.[1] : undefined),
  authenticate: () =>
    isEnded ? { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'ended' } : { kind: 'authenticated', caller },
  recheck: async () => (isEnded ? null : caller),
};

beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(async () => {
  isEnded = false;
  streams.reset();
  const { origin: upstream } = streams.upstream;
  gateway = await streams.startOwnGateway({
    authenticators: [tokens],
    moreRoutes: [{ name: 'own', prefix: '/own', upstream, credentials: ['bearer'] }],
  } as Parameters<TestStreams['startOwnGateway']>[0]);
});
afterEach(() => streams.release());

const proofFor = (url = 'https://app.test/own/x'): string =>
  holder.proof({ method: 'GET', url, token: 'bound', at: Date.now() });
const open = (DPoP: string | undefined): WebSocketClient =>
  streams.open(handshake('/own/x', { Authorization: 'DPoP bound', DPoP }), gateway);
const statusOf = async (client: WebSocketClient): Promise<string> => {
  await expect.poll(client.received, settled).toContain('\r\n\r\n');
  return client.received().slice(9, 12);
};

describe('a WebSocket of a token that is bound to a key', () => {
  it('opens with a proof for its handshake, and ends with what ends its caller', async () => {
    const client = open(proofFor());
    expect(await statusOf(client)).toBe('101');
    await streams.staysOpen(client);
    isEnded = true;
    await gateway.bus.revoke('client', 'grant');
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it.each([
    ['without one', () => undefined],
    ['with one for the scheme of sockets', () => proofFor('wss://app.test/own/x')],
    ['with one for another path', () => proofFor('https://app.test/own/y')],
    ['with one that is made up', () => 'a.b.c'],
  ])('does not open %s', async (_name, makeProof) => {
    expect(await statusOf(open(makeProof()))).toBe('401');
  });

  it('opens once with a proof', async () => {
    const proof = proofFor();
    expect(await statusOf(open(proof))).toBe('101');
    expect(await statusOf(open(proof))).toBe('401');
  });
});
