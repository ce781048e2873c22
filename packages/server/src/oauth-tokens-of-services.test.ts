import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { introspectionPath, tokenRevocationPath } from '@sallyport/core';
import { startIntrospectionGateway, type IntrospectionGateway } from './test-support/introspection-gateway.ts';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import {
  createOAuthPartners,
  type Authorized,
  type OAuthPartners,
  type RegisteredClient,
} from './test-support/oauth-partner.ts';

type Json = Readonly<Record<string, unknown>>;

const elsewhere = 'https://other.example/api';
const inactive = { active: false };
const formOf = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

describe.each(['opaque', 'jwt'] as const)('a service about tokens of the provider (%s)', (form) => {
  let test: IntrospectionGateway;
  let partners: OAuthPartners;
  let browser: OAuthBrowser;
  let partner: RegisteredClient;
  beforeAll(async () => {
    const oauthProvider = { accessTokens: form, requests: [], authorizations: [] };
    test = await startIntrospectionGateway(form, { oauthProvider });
    partners = createOAuthPartners(test);
    browser = await partners.signedIn();
    partner = await partners.register({ resources: [test.origin, elsewhere] });
  });
  afterAll(() => test.close());

  const ask = async (token: string, headers: Json = { 'x-api-key': test.keys.billing.secret }): Promise<Json> => {
    const answer = await test.post(introspectionPath, formOf({ token }), headers as Record<string, string>);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Json;
  };
  const revoke = async (token: string, caller: keyof IntrospectionGateway['keys'] = 'billing'): Promise<unknown> => {
    const headers = { 'x-api-key': test.keys[caller].secret };
    const answer = await test.post(tokenRevocationPath, formOf({ token }), headers);
    return answer.status === 200 ? 200 : [answer.status, ((await answer.json()) as Json)['error']];
  };
  const authorize = (parameters: Record<string, string> = {}, of = partner): Promise<Authorized> =>
    partners.authorize(of, browser, {
      scope: 'openid profile email offline_access product:read product:create',
      prompt: 'consent',
      resource: test.origin,
      ...parameters,
    });
  const canRefresh = ({ configuration, tokens }: Authorized): Promise<boolean> =>
    client.refreshTokenGrant(configuration, tokens.refresh_token ?? '').then(
      () => true,
      () => false,
    );
  const serviceTokens = async () => {
    const service = await partners.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const configuration = await partners.discover(service);
    const parameters = { scope: 'product:read', resource: test.origin };
    return { service, tokens: await client.clientCredentialsGrant(configuration, parameters) };
  };

  it('is told who speaks, with what the client was granted and no more of the user', async () => {
    const { tokens } = await authorize();
    const said = await ask(tokens.access_token);
    expect(said).toMatchObject({
      active: true,
      token_type: 'Bearer',
      iss: test.origin,
      aud: 'billing',
      client_id: partner.id,
      sub: tokens.claims()?.sub,
      sub_type: 'user',
      cred: form === 'jwt' ? 'bearer' : 'opaque',
      roles: [],
      scope: 'product:read product:create',
      acr: 'pwd',
    });
    // The configuration tells this service names; the client was not given them for itself.
    for (const name of ['email', 'name']) expect(said).not.toHaveProperty(name);
    expect(await ask(tokens.access_token, { 'x-api-key': test.keys.reports.secret })).toMatchObject({
      active: true,
      aud: 'reports',
      scope: '',
    });
  });

  it('is told of a client that speaks for itself', async () => {
    const { service, tokens } = await serviceTokens();
    expect(await ask(tokens.access_token)).toMatchObject({
      active: true,
      sub: service.id,
      client_id: service.id,
      sub_type: 'service',
      scope: 'product:read',
    });
  });

  it('is told the same of whatever the gateway would not take', async () => {
    const { tokens } = await authorize();
    const bare = await partners.authorize(partner, browser, { scope: 'openid' });
    const other = await authorize({ resource: elsewhere });
    for (const token of [
      bare.tokens.access_token,
      other.tokens.access_token,
      tokens.refresh_token ?? '',
      tokens.id_token ?? '',
      partner.secret,
      `${tokens.access_token}x`,
      tokens.access_token.slice(0, -1),
    ])
      expect(await ask(token)).toEqual(inactive);
  });

  it.each([
    {
      name: 'its client is disabled',
      end: ({ id }: RegisteredClient) => partners.operate('oauth-clients/set-disabled', { id, isDisabled: true }),
    },
    {
      name: 'its client gives up the refresh token',
      end: (_client: RegisteredClient, { configuration, tokens }: Authorized) =>
        client.tokenRevocation(configuration, tokens.refresh_token ?? ''),
    },
  ])('is told that a token ended when $name', async ({ end }) => {
    const registered = await partners.register();
    const authorized = await authorize({}, registered);
    const { access_token: token } = authorized.tokens;
    expect(await ask(token)).toMatchObject({ active: true });
    await end(registered, authorized);
    expect(await ask(token)).toEqual(inactive);
  });

  it('is told that a token ended when its user signs out', async () => {
    const own = await partners.signedIn('user');
    const { tokens } = await partners.authorize(partner, own, { scope: 'openid product:read', resource: test.origin });
    expect(await ask(tokens.access_token)).toMatchObject({ active: true });
    await fetch(`${test.origin}/auth/sign-out`, {
      method: 'POST',
      headers: { origin: test.origin, cookie: own.cookiesFor('/'), 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await ask(tokens.access_token)).toEqual(inactive);
  });

  it.each(['access_token', 'refresh_token'] as const)('ends the grant with its %s', async (kind) => {
    const [given, other] = [await authorize(), await authorize()];
    expect(await revoke(given.tokens[kind] ?? '')).toBe(200);
    expect(await ask(given.tokens.access_token)).toEqual(inactive);
    expect(await canRefresh(given)).toBe(false);
    // The same client in the same session, but asked and granted anew: it was the same grant.
    expect(await canRefresh(other)).toBe(false);
    expect(await revoke(given.tokens[kind] ?? '')).toBe(200);
    // The session of the user goes on, and so do other clients in it.
    const session = await test.get('/auth/session', { cookie: browser.cookiesFor('/') });
    expect(await session.json()).toMatchObject({ status: 'signed-in' });
  });

  it('leaves what another client was granted', async () => {
    const other = await authorize({}, await partners.register());
    expect(await revoke((await authorize()).tokens.access_token)).toBe(200);
    expect(await ask(other.tokens.access_token)).toMatchObject({ active: true });
    expect(await canRefresh(other)).toBe(true);
  });

  it('ends nothing without the permission for it', async () => {
    const { tokens } = await authorize();
    expect(await revoke(tokens.access_token, 'reports')).toEqual([403, 'insufficient_scope']);
    expect(await ask(tokens.access_token)).toMatchObject({ active: true });
  });

  it('is never told that a token ended which lasts until it expires', async () => {
    const { tokens } = await serviceTokens();
    const { tokens: foreign } = await authorize({ resource: elsewhere });
    const unsupported = [400, 'unsupported_token_type'];
    // An opaque one is kept, and ends alone.
    expect(await revoke(tokens.access_token)).toEqual(form === 'jwt' ? unsupported : 200);
    expect(await ask(tokens.access_token)).toMatchObject({ active: form === 'jwt' });
    // For another resource it is a JWT, whatever it is for the gateway.
    expect(await revoke(foreign.access_token)).toEqual(unsupported);
  });

  it('is not taken for a client, nor a client for a service', async () => {
    const { tokens } = await authorize();
    const basic = (id: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    });
    for (const headers of [
      basic(partner.id, test.keys.billing.secret),
      basic(test.keys.billing.id, partner.secret),
      { authorization: `Bearer ${tokens.access_token}` },
    ]) {
      const answer = await test.post(introspectionPath, formOf({ token: tokens.access_token }), headers);
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain('"active"');
    }
  });
});
