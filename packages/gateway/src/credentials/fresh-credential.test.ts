import { SallyportError, type AuthenticatedCaller, type Authenticator } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeys } from '../test-support/test-keys.ts';

const keys = createTestKeys();
let readAnew: (credentialId: string) => Promise<AuthenticatedCaller | null>;
/** Believes a credential by itself, as one that is signed is believed, and reads the store when it is asked to. */
const believing: Authenticator = { ...keys.authenticator, recheck: (credentialId) => readAnew(credentialId) };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    authenticators: [believing],
    moreRoutes: [
      { name: 'fresh', prefix: '/fresh', credentials: ['api-key'], fresh: true },
      { name: 'usual', prefix: '/usual', credentials: ['api-key'] },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  readAnew = (credentialId) => keys.authenticator.recheck(credentialId);
});

it('a fresh route serves a credential that the store knows', async () => {
  const key = keys.add();
  expect((await gateway.send('GET', '/fresh/x', { 'X-Test-Key': key })).status).toBe(200);
});

it.each([
  { name: 'has ended', read: () => Promise.resolve(null), status: 401 },
  {
    name: 'cannot be read',
    read: () => Promise.reject(new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'away' })),
    status: 503,
  },
])(
  'a fresh route refuses a credential that $name in the store, whatever it says of itself',
  async ({ read, status }) => {
    const key = keys.add();
    readAnew = read;
    expect((await gateway.send('GET', '/usual/x', { 'X-Test-Key': key })).status).toBe(200);
    expect((await gateway.send('GET', '/fresh/x', { 'X-Test-Key': key })).status).toBe(status);
    expect(gateway.upstream.started).toBe(1);
  },
);

it('a fresh route reads a credential once with each request where its authenticator always reads the store', async () => {
  const reading = await startTestGateway({
    authenticators: [{ ...keys.authenticator, alwaysReadsStore: true }],
    moreRoutes: [{ name: 'fresh', prefix: '/fresh', credentials: ['api-key'], fresh: true }],
  });
  const key = keys.add();
  const before = keys.reads;
  const present = async () => (await reading.send('GET', '/fresh/x', { 'X-Test-Key': key })).status;
  for (let turn = 0; turn < 3; turn++) expect(await present()).toBe(200);
  expect(keys.reads - before).toBe(3);
  keys.remove(key);
  expect(await present()).toBe(401);
  await reading.close();
});
