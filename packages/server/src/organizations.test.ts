import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InvitationAnswer, OrganizationAnswer } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts, testPolicy } from './test-support/test-preset.ts';

interface Claims {
  readonly org?: string;
  readonly org_roles?: readonly string[];
  readonly scope: string;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

type Headers = Readonly<Record<string, string>>;

const clerk = testAccounts.find(({ role }) => role === 'user') ?? expect.fail('there is one');

let upstream: Server;
let test: TestGateway;
const seen: IncomingHttpHeaders[] = [];
beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(request.headers);
    response.end('served');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const to = { upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, permissions: ['*'] };
  const credentials: ('session' | 'bearer' | 'api-key')[] = ['session', 'bearer', 'api-key'];
  test = await startTestGateway({
    config: {
      firstPartyTokens: {},
      apiKeys: {},
      mail: { from: 'Acme <no-reply@example.test>' },
      policy: {
        permissions: {
          ...testPolicy.permissions,
          'invoice:read': 'Look at invoices',
          'organization:manage': 'Rename and delete an organization',
          'member:manage': 'Invite and remove members',
        },
        roles: testPolicy.roles,
        organizationRoles: {
          owner: ['organization:manage', 'member:manage', 'invoice:read'],
          clerk: ['invoice:read'],
        },
      },
      routes: [
        { ...to, name: 'api', prefix: '/api', audience: 'api', access: 'signed-in', credentials },
        {
          ...to,
          name: 'bills',
          prefix: '/bills',
          audience: 'bills',
          access: { permissions: ['invoice:read'] },
          credentials,
        },
      ],
    },
  });
});
afterAll(async () => {
  await test.close();
  upstream.closeAllConnections();
  upstream.close();
});

const send = (method: string, path: string, headers: Headers, body?: object): Promise<Response> =>
  fetch(`${test.origin}${path}`, {
    method,
    headers: { origin: test.origin, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** What the service was told of the last caller. */
const claimsSeen = (): Claims => {
  const token = seen.at(-1)?.authorization?.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as Claims;
};

/** The organization of a new owner, and a member of it. */
async function makeOrganization(
  owner: Headers,
  member: Headers,
): Promise<{ readonly id: string; readonly member: string }> {
  const made = await send('POST', '/auth/organizations', owner, { name: 'Acme' });
  const { organization } = (await made.json()) as OrganizationAnswer;
  const path = `/auth/organizations/${organization.id}/invitations`;
  const invited = await send('POST', path, owner, { email: clerk.email, roles: ['clerk'] });
  expect(invited.status).toBe(201);
  const { invitation } = (await invited.json()) as InvitationAnswer;
  const token = await mailedToken(invitation.sentAt);
  const accepted = await send('POST', '/auth/organizations/invitations/accept', member, { token });
  expect(accepted.status).toBe(200);
  const session = (await (await send('GET', '/auth/session', member)).json()) as {
    readonly user: { readonly id: string };
  };
  return { id: organization.id, member: session.user.id };
}

async function mailedToken(since: string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(`${test.gateway.mailboxUrl}/messages?to=${clerk.email}`);
    const [mail] = (await answer.json()) as { readonly at: string; readonly links: readonly string[] }[];
    if (mail !== undefined && mail.at >= since) return new URL(mail.links[0] ?? '').searchParams.get('token') ?? '';
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new TypeError('no mail arrived');
}

const cookieOf = async (role?: string): Promise<Headers> => ({ cookie: await test.signIn(role) });
const activate = (organization: string | null, by: Headers): Promise<Response> =>
  send('POST', '/auth/organizations/active', by, { organization });
const statusOf = async (path: string, by: Headers): Promise<number> => (await test.get(path, by)).status;

describe('an organization at a gateway', () => {
  let owner: Headers;
  let member: Headers;
  beforeEach(async () => {
    [owner, member] = [await cookieOf('admin'), await cookieOf()];
  });

  it('is in the token of the next request, with its roles and permissions, and no longer than it is active', async () => {
    const { id } = await makeOrganization(owner, member);
    expect([await statusOf('/api/x', member), await statusOf('/bills/x', member)]).toEqual([200, 403]);
    expect(claimsSeen()).not.toHaveProperty('org_roles');
    expect((await activate(id, member)).status).toBe(200);
    expect(await statusOf('/bills/x', member)).toBe(200);
    expect(claimsSeen()).toMatchObject({ org: id, org_roles: ['clerk'], scope: 'product:read invoice:read' });
    expect((await activate(null, member)).status).toBe(200);
    expect(await statusOf('/bills/x', member)).toBe(403);
    await statusOf('/api/x', member);
    expect(claimsSeen()).toMatchObject({ scope: 'product:read' });
    expect(claimsSeen()).not.toHaveProperty('org');
  });

  it('is left by the next request after the membership ended', async () => {
    const { id, member: userId } = await makeOrganization(owner, member);
    await activate(id, member);
    expect(await statusOf('/bills/x', member)).toBe(200);
    expect((await send('DELETE', `/auth/organizations/${id}/members/${userId}`, owner)).status).toBe(204);
    expect(await statusOf('/bills/x', member)).toBe(403);
    expect((await activate(id, member)).status).toBe(404);
  });

  it('is that of the sign-in of a program, whose token of before is refused', async () => {
    const { id, member: userId } = await makeOrganization(owner, member);
    const tokens = await post('/auth/token', { email: clerk.email, password: clerk.password });
    const refresh = async ({ refresh_token }: Tokens): Promise<Tokens> =>
      post('/auth/token/refresh', { refresh_token });
    expect(await statusOf('/bills/x', bearer(tokens))).toBe(403);
    expect((await activate(id, bearer(tokens))).status).toBe(200);
    expect(await statusOf('/api/x', bearer(tokens))).toBe(401);
    const after = await refresh(tokens);
    expect(await statusOf('/bills/x', bearer(after))).toBe(200);
    expect(claimsSeen()).toMatchObject({ org: id, org_roles: ['clerk'], scope: 'product:read invoice:read' });
    expect(await statusOf('/bills/x', member)).toBe(403);
    await send('DELETE', `/auth/organizations/${id}/members/${userId}`, owner);
    expect(await statusOf('/bills/x', bearer(after))).toBe(401);
    const last = await refresh(after);
    expect([await statusOf('/bills/x', bearer(last)), await statusOf('/api/x', bearer(last))]).toEqual([403, 200]);
    expect(claimsSeen()).not.toHaveProperty('org');
  });

  it('gives no permission to an API key, and none to choose for one', async () => {
    const { id } = await makeOrganization(owner, member);
    await activate(id, member);
    const key = await send('POST', '/auth/api-keys', member, { name: 'Cron', scopes: ['invoice:read'] });
    expect(key.status).toBe(422);
    const made = await send('POST', '/auth/api-keys', member, { name: 'Cron', scopes: ['product:read'] });
    const { secret } = (await made.json()) as { readonly secret: string };
    const shown = (await (await send('GET', '/auth/api-keys', member)).json()) as { readonly permissions: unknown };
    expect(shown.permissions).toEqual(['product:read']);
    expect(await statusOf('/api/x', { 'x-api-key': secret })).toBe(200);
    expect(claimsSeen()).not.toHaveProperty('org');
    expect(await statusOf('/bills/x', { 'x-api-key': secret })).toBe(403);
  });

  it('is asked of by no other site, and by no program at a route of accounts', async () => {
    const { id } = await makeOrganization(owner, member);
    const tokens = await post('/auth/token', { email: clerk.email, password: clerk.password });
    const foreign = { ...member, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await activate(id, foreign)).status).toBe(403);
    expect((await send('GET', '/auth/session', bearer(tokens))).status).toBe(401);
    expect((await activate(id, {})).status).toBe(401);
  });
});

async function post(path: string, body: object): Promise<Tokens> {
  const answer = await send('POST', path, {}, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Tokens;
}

function bearer({ access_token }: Tokens): Headers {
  return { authorization: `Bearer ${access_token}` };
}
