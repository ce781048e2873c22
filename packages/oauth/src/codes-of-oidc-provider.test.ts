import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstSecret, startHarness, type Harness } from '@sallyport/identity/test-support/harness';
import { createSealer, openKeyRing } from '@sallyport/stores';
import { Provider } from 'oidc-provider';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

/*
 * oidc-provider as the identity provider of others, with its own sign-in and consent: it rotates refresh tokens, revokes a
 * grant whose old refresh token comes again, and knows RFC 7009.
 */

const clientId = 'sallyport';
const clientSecret = randomBytes(32).toString('hex');
const redirectUri = 'https://app.example.test/back';
const where = { requestId: 'req-test', address: '203.0.113.7' };
const hour = 3600;

let server: Server;
let issuer: string;
let refreshes = 0;
let harness: Harness;
let userId: string;

beforeAll(async () => {
  // It says at the start what is not for production.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'info').mockImplementation(() => {});
  server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    scopes: ['openid', 'offline_access', 'files.read'],
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    rotateRefreshToken: true,
    cookies: { keys: [randomBytes(16).toString('hex')] },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: `${accountId}@example.test`, email_verified: true, name: 'Ada Byron' }),
    }),
  });
  provider.on('grant.success', ({ oidc }) => {
    if (oidc.params?.['grant_type'] === 'refresh_token') refreshes += 1;
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
});
afterAll(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  refreshes = 0;
  const acme = { name: 'Acme', issuer, clientId, trustedEmailDomains: ['example.test'], redirectUris: [redirectUri] };
  const keepTokens = { scopes: ['files.read'], offline: true };
  harness = await startHarness({
    providerSecrets: () => new Map([['acme', clientSecret]]),
    makeKeyRing: (records) =>
      openKeyRing({ records, sealer: createSealer([firstSecret])('key-ring'), uses: ['internal', 'client'] }),
    features: { firstPartyTokens: {}, signInProviders: { oidc: { acme: { ...acme, keepTokens } } } },
  });
  const answer = await bring(await beginFlow());
  if (answer.status !== 200) throw new Error(`no sign-in: ${answer.text}`);
  userId = (await harness.identity.accounts.findByEmail('ada@example.test'))?.id ?? '';
});
afterEach(() => harness.close());

interface Flow {
  readonly location: string;
  readonly flow: string;
  readonly codeVerifier: string;
}

async function beginFlow(): Promise<Flow> {
  const codeVerifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const { body } = await harness.call('POST', '/auth/provider-flows', { provider: 'acme', redirectUri, codeChallenge });
  return { ...(body as Omit<Flow, 'codeVerifier'>), codeVerifier };
}

/** Signs in and consents as a person does, and resolves to what the provider hands to the client. */
async function signInThere(location: string): Promise<Readonly<Record<string, string>>> {
  const cookies = new Map<string, string>();
  let url = location;
  let body: URLSearchParams | undefined;
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const next = response.headers.get('location');
    if (next?.startsWith(redirectUri) === true) return Object.fromEntries(new URL(next).searchParams);
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
    body = next === null ? new URLSearchParams({ prompt, login: 'ada', password: 'x' }) : undefined;
    url = new URL(next ?? /action="([^"]+)"/.exec(page)?.[1] ?? '', url).href;
  }
  throw new Error('the provider leads nowhere');
}

async function bring({ location, flow, codeVerifier }: Flow) {
  const { code, state, iss } = await signInThere(location);
  return harness.call('POST', '/auth/token/provider', { flow, codeVerifier, code, state, iss });
}

const handOut = () => harness.identity.providerTokens.handOut({ userId, provider: 'acme', audience: 'files' }, where);

/** Whether the provider itself takes a token. */
async function isTakenThere(accessToken: string): Promise<boolean> {
  const response = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
  return response.status === 200;
}

describe('oidc-provider', () => {
  it('gives a token that services use there', async () => {
    const { access_token: token, scope } = await handOut();
    expect(await isTakenThere(token)).toBe(true);
    expect(scope?.split(' ')).toContain('files.read');
  });

  it('refreshes once for twenty who ask, and again from the rotated token', async () => {
    for (const round of [1, 2, 3]) {
      harness.advance(2 * hour);
      const all = await Promise.all(Array.from({ length: 20 }, handOut));
      const tokens = new Set(all.map(({ access_token: token }) => token));
      expect([tokens.size, refreshes]).toEqual([1, round]);
      for (const token of tokens) expect(await isTakenThere(token)).toBe(true);
    }
  });

  it('refuses a code of another flow, whose challenge is another', async () => {
    const [mine, theirs] = [await beginFlow(), await beginFlow()];
    const { code, iss } = await signInThere(theirs.location);
    const state = new URL(mine.location).searchParams.get('state') ?? '';
    const { flow, codeVerifier } = mine;
    const refused = await harness.call('POST', '/auth/token/provider', { flow, codeVerifier, code, state, iss });
    expect([refused.status, refused.body]).toMatchObject([400, { code: 'SP_PROVIDER_UNTRUSTED' }]);
  });

  it('takes no token any more once the account is deleted here', async () => {
    const { access_token: token } = await handOut();
    await harness.identity.accounts.deleteUser(userId);
    await harness.identity.providerTokens.revokeEnded();
    await vi.waitFor(async () => expect(await isTakenThere(token)).toBe(false), { timeout: 3000 });
    const left = await harness.database.records.count({ model: 'sallyportProviderToken' });
    expect(left).toBe(0);
  });
});
