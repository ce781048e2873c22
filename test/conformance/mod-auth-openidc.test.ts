import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OAuthBrowser } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { apache, startApache, type RunningProxy } from '../proxies/start-proxy.ts';
import { requireUrl, startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { createSiteVisitor, type SiteVisitor } from './site-visitor.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const isThere = apache !== undefined && existsSync('/usr/lib/apache2/modules/mod_auth_openidc.so');

describe.skipIf(!isThere)('Apache with mod_auth_openidc (skipped without libapache2-mod-auth-openidc)', () => {
  let system: ProviderSystem;
  let folder: string;
  let behind: Server;
  let server: RunningProxy;
  let origin: string;
  let client: RegisteredClient;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'mod-auth-openidc-'));
    // Its workers run as another user.
    await chmod(folder, 0o755);
    const [port = 0] = await findFreePorts(1);
    origin = `http://localhost:${port}`;
    system = await startProviderSystem({ oauthProvider: { privateHosts: [`localhost:${port}`] } });
    client = await system.register({
      redirectUris: [`${origin}/callback`],
      postLogoutRedirectUris: [`${origin}/open/goodbye`],
      backchannelLogoutUri: `${origin}/callback?logout=backchannel`,
    });
    behind = createServer((request, response) => {
      request.resume();
      response.end(JSON.stringify(request.headers));
    });
    await once(behind.listen(0, '127.0.0.1'), 'listening');
    server = await startApache(folder, sites(port, (behind.address() as AddressInfo).port));
    await vi.waitFor(() => fetch(`${origin}/open/ready`), { timeout: 20_000 });
  });
  afterAll(async () => {
    await server.stop();
    behind.closeAllConnections();
    behind.close();
    await system.close();
    await rm(folder, { recursive: true });
  });

  function sites(port: number, upstream: number): string {
    return `# a2enmod auth_openidc authn_core authz_user proxy proxy_http
<VirtualHost 127.0.0.1:${port}>
  OIDCProviderMetadataURL ${system.origin}/.well-known/openid-configuration
  OIDCClientID ${client.id}
  OIDCClientSecret ${client.secret}
  OIDCRedirectURI ${origin}/callback
  OIDCCryptoPassphrase violet-kettle-marches-north
  OIDCPKCEMethod S256
  OIDCScope "openid profile email offline_access"
  OIDCAuthRequestParams prompt=consent
  OIDCInfoHook access_token refresh_token id_token userinfo
  OIDCDefaultLoggedOutURL ${origin}/open/goodbye
  LogLevel auth_openidc:debug
  <Location />
    AuthType openid-connect
    Require valid-user
  </Location>
  <Location /open>
    AuthType none
    Require all granted
  </Location>
  ProxyPass /callback !
  ProxyPass / http://127.0.0.1:${upstream}/
</VirtualHost>
`;
  }

  /** Signs a user in at the site: both browsers are one, which knows two origins. */
  async function signIn(): Promise<{ readonly site: SiteVisitor; readonly browser: OAuthBrowser }> {
    const browser = await system.signedIn();
    const site = createSiteVisitor(origin);
    const asked = await site.open('/private');
    expect(asked.location?.origin).toBe(system.origin);
    const shown = await browser.open(asked.location?.href ?? '');
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
    const served = await site.open(back);
    expect(served.status).toBe(200);
    return { site, browser };
  }
  const logged = async (): Promise<string> =>
    (await readFile(path.join(folder, 'error.log'), 'utf8')).split('\n').slice(-25).join('\n');

  it('signs a user in by discovery, code and PKCE, and tells what is behind it who that is', async () => {
    const { site } = await signIn();
    const { text } = await site.open('/private');
    expect(JSON.parse(text)).toMatchObject({
      oidc_claim_iss: system.origin,
      oidc_claim_name: 'vendor',
      oidc_claim_email: 'vendor@example.test',
      oidc_claim_acr: 'pwd',
    });
  });

  it('refreshes the access token', async () => {
    const { site } = await signIn();
    const before = await tokensOf(site);
    await site.open(
      `/callback?refresh=${encodeURIComponent(`${origin}/open/back`)}&access_token=${before.access_token}`,
    );
    const after = await tokensOf(site);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.refresh_token).not.toBe(before.refresh_token);
  });

  it('forgets its session when it is told by the back channel that the sign-in is over', async () => {
    const { site, browser } = await signIn();
    expect((await site.open('/private')).status).toBe(200);
    const cookie = browser.cookiesFor('/');
    await fetch(`${system.origin}/auth/sign-out`, { method: 'POST', headers: { cookie, origin: system.origin } });
    await vi.waitFor(async () => expect((await site.open('/private')).location?.origin).toBe(system.origin), {
      timeout: 20_000,
      interval: 200,
    });
    expect(await logged()).not.toMatch(/logout token.*(?:invalid|failed)/i);
  });

  it('leads its user through the sign-out of the provider, and back', async () => {
    const { site, browser } = await signIn();
    const leaving = await site.open(`/callback?logout=${encodeURIComponent(`${origin}/open/goodbye`)}`);
    expect(leaving.location?.pathname).toBe('/oauth2/session/end');
    const page = await browser.open(leaving.location?.href ?? '');
    const back = requireUrl(page instanceof URL ? page : await browser.submit(page, 'Sign out'));
    expect(back.href).toContain(`${origin}/open/goodbye`);
    expect((await site.open('/private')).location?.origin).toBe(system.origin);
  });

  it('signs no user in when consent is refused', async () => {
    const browser = await system.signedIn();
    const site = createSiteVisitor(origin);
    const asked = await site.open('/private');
    const page = await browser.open(asked.location?.href ?? '');
    const refused = requireUrl(page instanceof URL ? page : await browser.submit(page, 'Cancel'));
    expect(refused.searchParams.get('error')).toBe('access_denied');
    // This version of the module writes something after the end of its error page: a strict client refuses the answer.
    const answered = await site.open(refused).catch(() => undefined);
    expect(answered?.text ?? '').not.toContain('oidc_claim');
    expect((await site.open('/private')).location?.origin).toBe(system.origin);
  });

  async function tokensOf(site: SiteVisitor): Promise<Readonly<Record<'access_token' | 'refresh_token', string>>> {
    const { text } = await site.open('/callback?info=json');
    return JSON.parse(text) as Readonly<Record<'access_token' | 'refresh_token', string>>;
  }
});
