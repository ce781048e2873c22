import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import { createOAuthPartners, requirePage, type OAuthPartners } from './test-support/oauth-partner.ts';
import { startPlainUpstream, type PlainUpstream } from './test-support/plain-upstream.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let upstream: PlainUpstream;
let test: TestGateway;
let partners: OAuthPartners;
let browser: OAuthBrowser;

beforeAll(async () => {
  upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  test = await startTestGateway({
    config: {
      oauthProvider: { accessTokens: 'opaque', requests: [], authorizations: [] },
      routes: [
        {
          ...to,
          name: 'api',
          prefix: '/api',
          audience: 'api',
          access: 'signed-in',
          credentials: ['session', 'opaque'],
        },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
  partners = createOAuthPartners(test);
  browser = await partners.signedIn();
});
afterAll(async () => {
  await test.close();
  upstream.close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const offline = () => ({ scope: 'openid offline_access product:read', prompt: 'consent', resource: test.origin });

describe('an opaque access token of a partner', () => {
  it('opens the routes that take it, is known to its client, and ends with the grant', async () => {
    const { tokens, configuration } = await partners.authorize(await partners.register(), browser, offline());
    expect(tokens.access_token).toMatch(/^sp_at_[\w-]{49}$/);
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({ active: true });
    await client.tokenRevocation(configuration, tokens.refresh_token ?? '');
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(401);
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toEqual({ active: false });
  });

  it('is refused when it was made up, changed, or is for userinfo alone', async () => {
    const registered = await partners.register();
    const { tokens } = await partners.authorize(registered, browser, { scope: 'openid' });
    for (const text of [tokens.access_token, `sp_at_${'a'.repeat(49)}`, `${tokens.access_token}a`])
      expect((await test.get('/api/x', bearer(text))).status).toBe(401);
  });

  it('is kept in no form that could be presented', async () => {
    const { tokens } = await partners.authorize(await partners.register(), browser, offline());
    const database = new DatabaseSync(join(test.dataDir, 'sallyport.db'), { readOnly: true });
    const rows = JSON.stringify(database.prepare('select * from "sallyportOAuthArtifact"').all());
    database.close();
    for (const secret of [tokens.access_token, tokens.refresh_token ?? '-', 'vendor@example.test'])
      expect(rows).not.toContain(secret);
  });
});

describe('the provider', () => {
  it('answers 503 while the database cannot write, and the same refresh token works afterwards', async () => {
    const { tokens, configuration } = await partners.authorize(await partners.register(), browser, offline());
    const { client_id: id, client_secret: secret } = configuration.clientMetadata();
    const refresh = (): Promise<Response> =>
      fetch(`${test.origin}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${String(secret)}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }),
      });
    const database = new DatabaseSync(join(test.dataDir, 'sallyport.db'));
    database.exec('begin immediate');
    const refused = await refresh();
    database.exec('rollback');
    database.close();
    expect([refused.status, ((await refused.json()) as { readonly error: unknown }).error]).toEqual([
      503,
      'temporarily_unavailable',
    ]);
    await expect.poll(async () => (await refresh()).status, { timeout: 15_000 }).toBe(200);
  });

  it('takes one answer of a user, of two that come at once', async () => {
    const configuration = await partners.discover(await partners.register());
    const { url } = await partners.begin(configuration);
    const asked = requirePage(await browser.open(url.href));
    const { pathname } = new URL(asked.url);
    const decide = (decision: string): Promise<Response> =>
      fetch(`${test.origin}${pathname}/decision`, {
        method: 'POST',
        headers: {
          origin: test.origin,
          'content-type': 'application/json',
          cookie: browser.cookiesFor(pathname),
        },
        body: JSON.stringify({ decision }),
      });
    const answers = await Promise.all([decide('allow'), decide('deny'), decide('allow')]);
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409, 409]);
  });
});
