import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startTestGateway, testAccounts, type TestGateway } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';

/*
 * The configuration of docs/guides/shop-profile.md, started as it stands there, with an account of each role. Behind it
 * stands a service that says whom it was told of.
 */

const trusted = getCACertificates('default');
const variables = { ...process.env };

let folder: string;
let service: Server;
let gateway: TestGateway;
let origin: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-shop-profile-'));
  const authority = await createTestAuthority(folder);
  setDefaultCACertificates([...trusted, await readFile(authority.caFile, 'utf8')]);
  service = createServer((request, response) => {
    request.resume();
    response.end(JSON.stringify({ authorization: request.headers.authorization }));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const [port = 0] = await findFreePorts(1);
  origin = `https://localhost:${port}`;
  // What its file reads of the environment.
  Object.assign(process.env, {
    SALLYPORT_PUBLIC_URL: origin,
    SALLYPORT_TLS_CERT_FILE: authority.certFile,
    SALLYPORT_TLS_KEY_FILE: authority.keyFile,
    ACME_SSO_ISSUER: 'http://127.0.0.1:9/sso',
    ...Object.fromEntries(['SHOP', 'ORDERS', 'SHELL', 'ACCOUNT'].map((name) => [`UPSTREAM_${name}`, upstream])),
  });
  const { default: profile } = await import('../../deploy/shop-profile/sallyport.config.ts');
  gateway = await startTestGateway({
    config: { ...profile, listen: { port } },
    environment: {
      SALLYPORT_PROVIDER_SECRETS: 'acme=secret-of-the-shop-at-acme-sso',
      SALLYPORT_WEBHOOK_SECRETS: `payments=whsec_${randomBytes(32).toString('base64')}`,
    },
  });
}, 120_000);

afterAll(async () => {
  await gateway?.close();
  service?.close();
  setDefaultCACertificates(trusted);
  process.env = variables;
  rmSync(folder, { recursive: true, force: true });
});

async function signIn(role: string): Promise<{ readonly status: unknown; readonly cookie: string }> {
  const { email, password } = testAccounts.find((account) => account.role === role) ?? {};
  const answer = await fetch(`${origin}/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const { status } = (await answer.json()) as { readonly status: unknown };
  return {
    status,
    cookie: answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; '),
  };
}

describe('the profile of a shop', () => {
  it('is served over TLS, whose cookies are for https and this host alone', async () => {
    const answer = await fetch(`${origin}/auth/sign-in`);
    expect(answer.status).toBe(200);
    const { cookie } = await signIn('user');
    expect(cookie).toMatch(/__Host-sallyport=/);
    expect((await fetch(origin.replace('https:', 'http:'))).status).toBe(400);
  });

  it('offers the sign-in at Acme SSO', async () => {
    expect(await (await fetch(`${origin}/auth/sign-in`)).text()).toContain('Continue with Acme SSO');
  });

  it.each(['vendor', 'admin'])('gives a %s no session without a second factor', async (role) => {
    const { status, cookie } = await signIn(role);
    expect(status).not.toBe('signed-in');
    expect((await fetch(`${origin}/api/orders/orders`, { headers: { cookie } })).status).toBe(401);
  });

  it('lets a user through to orders, with the permissions of orders and products alone', async () => {
    const { status, cookie } = await signIn('user');
    expect(status).toBe('signed-in');
    const answer = await fetch(`${origin}/api/orders/orders`, { headers: { cookie } });
    const { authorization = '' } = (await answer.json()) as { readonly authorization?: string };
    const claims = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ aud: 'orders', scope: 'product:read order:create order:read', acr: 'pwd' });
  });

  it('takes no payment whose webhook is not signed, and none from a user', async () => {
    const { cookie } = await signIn('user');
    const body = JSON.stringify({ type: 'payment.succeeded' });
    for (const headers of [{}, { cookie, origin }]) {
      const answer = await fetch(`${origin}/webhooks/payments`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'SP_WEBHOOK_UNVERIFIED']);
    }
  });
});
