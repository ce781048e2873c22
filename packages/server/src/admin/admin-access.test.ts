import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type PlainAnswer, type TestGateway } from '../test-support/test-gateway.ts';
import { adminAddressFile } from './open-admin.ts';
import { readOperatorAccess } from './operator-access.ts';

describe('a gateway without an admin listener', () => {
  it('answers commands of this machine with its key, and nothing without it', async () => {
    const test = await startTestGateway({ config: { admin: undefined } });
    const access = readOperatorAccess(test.dataDir);
    expect(test.gateway.adminPort).toBeUndefined();
    for (const path of ['/status', '/metrics', '/operations']) {
      expect((await send(`${access?.url}${path}`, 'GET', {})).status).toBe(401);
      expect((await send(`${access?.url}${path}`, 'GET', { authorization: `Bearer ${access?.key}` })).status).toBe(200);
    }
    await test.close();
  });
});

describe('an admin listener with a token', () => {
  const token = 'aPg3kQ9ZrT5vXw8LmN2bC7dF4hJ6sY1u';
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway({
      config: { admin: { host: '0.0.0.0', port: 0 } },
      environment: { SALLYPORT_ADMIN_TOKEN: token },
    });
  });
  afterAll(() => test.close());

  const ask = (headers: Readonly<Record<string, string>>): Promise<PlainAnswer> =>
    send(`${test.adminOrigin}/metrics`, 'GET', headers);

  it('answers who has it, under whatever name the machine is known', async () => {
    expect((await ask({ authorization: `Bearer ${token}`, host: 'pod.example:1' })).status).toBe(200);
  });

  it.each([
    { name: 'nothing', headers: {} },
    { name: 'another token', headers: { authorization: `Bearer ${token}x` } },
    { name: 'a shorter one', headers: { authorization: `Bearer ${token.slice(1)}` } },
    { name: 'another scheme', headers: { authorization: `Basic ${token}` } },
  ])('refuses who presents $name', async ({ headers }) => {
    const answer = await ask(headers);
    expect(answer.status).toBe(401);
    expect(answer.body).not.toContain(token);
  });

  it('refuses who presents the right one from a page', async () => {
    expect((await ask({ authorization: `Bearer ${token}`, origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('where the admin listener must not be', () => {
  it('stops the start when it is open to the network and asks for no token', async () => {
    await expect(startTestGateway({ config: { admin: { host: '0.0.0.0', port: 0 } } })).rejects.toThrow(
      /SALLYPORT_ADMIN_TOKEN/,
    );
  });

  it('refuses a token that could be guessed', async () => {
    await expect(startTestGateway({ environment: { SALLYPORT_ADMIN_TOKEN: 'letmein' } })).rejects.toThrow(
      /32 characters/,
    );
  });

  it('is absent unless it is configured', async () => {
    const test = await startTestGateway({ config: { admin: undefined } });
    expect(test.gateway.adminPort).toBeUndefined();
    expect(existsSync(join(test.dataDir, adminAddressFile))).toBe(false);
    await test.close();
  });
});
