import { describe, expect, it } from 'vitest';
import { silentLogger } from '@sallyport/core';
import { createGithubClient } from '../github-client.ts';
import { identityProvidersOf, type IdentityProvider } from '../identity-provider.ts';
import { providerConfig } from '../provider-config.ts';
import { offlineParametersOf, scopesOf } from './ask-for-tokens.ts';

const clientId = 'client';
const keepTokens = { scopes: ['files.read', 'email'], offline: true };
const tenant = 'organizations';
const issuer = 'https://sso.example.test';

function providerOf(section: object): IdentityProvider {
  const [provider] = identityProvidersOf(providerConfig.parse(section) ?? expect.fail('a section'));
  return provider ?? expect.fail('a provider');
}

describe('the request of a sign-in', () => {
  it.each([
    {
      name: 'Google',
      section: { google: { clientId, keepTokens } },
      scope: 'openid profile email files.read',
      parameters: { access_type: 'offline', prompt: 'consent' },
    },
    {
      name: 'Microsoft',
      section: { microsoft: { clientId, tenant, keepTokens } },
      scope: 'openid profile email files.read offline_access',
      parameters: {},
    },
    {
      name: 'an OpenID provider',
      section: { oidc: { acme: { name: 'Acme', issuer, clientId, keepTokens } } },
      scope: 'openid profile email files.read offline_access',
      parameters: { prompt: 'consent' },
    },
    {
      name: 'GitHub',
      section: { github: { clientId, keepTokens: { scopes: ['repo'] } } },
      scope: 'read:user user:email repo',
      parameters: {},
    },
    {
      name: 'Apple',
      section: { apple: { clientId, teamId: 't', keyId: 'k', keepTokens: {} } },
      scope: 'openid name email',
      parameters: {},
    },
    {
      name: 'Google without keepTokens',
      section: { google: { clientId } },
      scope: 'openid profile email',
      parameters: {},
    },
  ])('asks $name for what is kept, and for no more', ({ section, scope, parameters }) => {
    const provider = providerOf(section);
    expect(scopesOf(provider)).toBe(scope);
    expect(offlineParametersOf(provider)).toEqual(parameters);
  });
});

describe('a token of GitHub', () => {
  const revoke = async (status: number): Promise<{ readonly seen: Request; readonly revoked: unknown }> => {
    let seen = new Request('https://nowhere.test');
    const fetchFromProviders: typeof fetch = async (url, init) => {
      seen = new Request(url, init);
      return new Response(null, { status });
    };
    const provider = providerOf({ github: { clientId, keepTokens: {} } });
    const options = {
      provider,
      secretOf: () => 'secret',
      fetchFromProviders,
      logger: silentLogger,
      now: () => new Date(),
    };
    const revoked: unknown = await createGithubClient(options)
      .revoke?.({ accessToken: 'gho_1' })
      .catch((error: unknown) => error);
    return { seen, revoked };
  };

  it.each([204, 404, 422])('is revoked by its own API, also one that is not good any more: %i', async (status) => {
    const { seen, revoked } = await revoke(status);
    expect(revoked).toBe(true);
    expect([seen.method, seen.url]).toEqual(['DELETE', 'https://api.github.com/applications/client/token']);
    expect(seen.headers.get('authorization')).toBe(`Basic ${Buffer.from('client:secret').toString('base64')}`);
    expect(await seen.json()).toEqual({ access_token: 'gho_1' });
  });

  it.each([401, 500, 302])('is not taken for revoked after %i', async (status) => {
    expect((await revoke(status)).revoked).toMatchObject({ code: 'SP_PROVIDER_UNAVAILABLE' });
  });
});
