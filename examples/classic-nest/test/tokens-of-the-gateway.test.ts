import { randomUUID } from 'node:crypto';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHttpContract } from './http-contract.test-support.ts';
import { moveApplication, type MovedApplication } from './moved-application.test-support.ts';
import { mongodbUrl, startApplication, type RunningApplication } from './running-application.test-support.ts';

const issuer = createTestIssuer({ audience: 'products' });

describe.skipIf(mongodbUrl === undefined)('the application that takes tokens of the gateway [mongodb]', () => {
  let moved: MovedApplication | undefined;
  let application: RunningApplication | undefined;
  let keys: TestKeyEndpoint | undefined;
  beforeAll(async () => {
    keys = await issuer.listen();
    moved = moveApplication('tokens-of-the-gateway');
    application = await startApplication(moved.folder, {
      SALLYPORT_ISSUER: issuer.issuer,
      SALLYPORT_KEYS_URL: keys.url,
    });
  });
  afterAll(async () => {
    await application?.close();
    await keys?.close();
    moved?.remove();
  });

  const origin = (): string => application?.origin ?? '';
  describeHttpContract(origin);

  const profile = async (token: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${origin()}/auth/profile`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: await response.json() };
  };

  it('knows a caller of the gateway by the address, as the user of its own table', async () => {
    const email = `${randomUUID()}@example.com`;
    const registered = await fetch(`${origin()}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ada', email, password: 'marble-kettle-north-window', role: 'vendor' }),
    });
    const { id } = (await registered.json()) as { id: string };
    // What the gateway says of roles is not asked here: the table of the application says them.
    const token = issuer.sign({ name: 'Ada', email, roles: ['admin'] });
    expect(await profile(token)).toEqual({ status: 200, body: { userId: id, email, role: 'vendor' } });
  });

  it.each([
    ['of a caller who is no user here', () => issuer.sign({ name: 'Eve', email: 'eve@example.com' })],
    ['without an address', () => issuer.sign()],
    ['for another service', () => issuer.sign({ aud: 'shop', name: 'Ada', email: 'admin@example.com' })],
    ['that expired', () => issuer.sign({ exp: 1, name: 'Ada', email: 'admin@example.com' })],
    ['of another issuer', () => createTestIssuer().sign({ name: 'Ada', email: 'admin@example.com' })],
    ['that is signed with the secret of the application and names the gateway', () => 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA'],
  ])('refuses a token %s', async (_, token) => {
    expect((await profile(token())).status).toBe(401);
  });
});
