import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startPassportSite, type PassportSite } from './passport-site.ts';
import { requireUrl, startProviderSystem, type ProviderSystem } from './provider-system.ts';
import { createSiteVisitor } from './site-visitor.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a site with passport-openidconnect and express-session', () => {
  let system: ProviderSystem;
  let site: PassportSite;
  let bare: PassportSite;

  const startSite = async (hasPkce: boolean): Promise<PassportSite> => {
    const [port = 0] = await findFreePorts(1);
    const client = await system.register({ redirectUris: [`http://localhost:${port}/callback`] });
    return startPassportSite({
      port,
      issuer: system.origin,
      clientId: client.id,
      clientSecret: client.secret,
      hasPkce,
    });
  };
  beforeAll(async () => {
    system = await startProviderSystem();
    site = await startSite(true);
    bare = await startSite(false);
  });
  afterAll(async () => {
    site.close();
    bare.close();
    await system.close();
  });

  /** What the site says after the provider has answered. */
  async function visit({ origin }: PassportSite, answer: 'Allow' | 'Cancel') {
    const browser = await system.signedIn();
    const visitor = createSiteVisitor(origin);
    const asked = await visitor.open('/login');
    const shown = await browser.open(asked.location?.href ?? '');
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, answer));
    return { back, visitor, answered: await visitor.open(back) };
  }

  it('signs a user in with code, PKCE and nonce, and reads the profile', async () => {
    const { answered } = await visit(site, 'Allow');
    expect(JSON.parse(answered.text)).toMatchObject({
      displayName: 'vendor',
      emails: [{ value: 'vendor@example.test' }],
    });
  });

  it('signs no user in when consent is refused', async () => {
    const { answered, visitor } = await visit(site, 'Cancel');
    expect(answered.status).toBe(401);
    expect((await visitor.open('/me')).text).toBe('null');
  });

  it('signs no user in with the answer to another browser', async () => {
    const { back } = await visit(site, 'Allow');
    const stranger = createSiteVisitor(site.origin);
    await stranger.open(back);
    expect((await stranger.open('/me')).text).toBe('null');
  });

  it('is refused as it is published: it knows no PKCE', async () => {
    const { back, visitor } = await visit(bare, 'Allow');
    expect(back.searchParams.get('error')).toBe('invalid_request');
    expect((await visitor.open('/me')).text).toBe('null');
  });
});
