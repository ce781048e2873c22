import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch as fetchOf } from 'undici';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { redirectUri, requireUrl, startProviderSystem, type ProviderSystem } from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const name = 'spiffe://partner/bank';
const scope = 'openid offline_access product:read';

describe('clients with certificates', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-mtls-'));
  const agents: Agent[] = [];
  let system: ProviderSystem;
  let authority: TestAuthority;
  let machineOrigin: string;
  let bank: TestCertificate;
  let renewed: TestCertificate;
  let stranger: TestCertificate;
  let id: string;
  let browser: Awaited<ReturnType<ProviderSystem['signedIn']>>;

  beforeAll(async () => {
    authority = await createTestAuthority();
    [bank, renewed, stranger] = await Promise.all([
      authority.issue({ spiffeId: name }),
      authority.issue({ spiffeId: name }),
      authority.issue({ spiffeId: 'spiffe://partner/another' }),
    ]);
    const server = await authority.issue({ usages: ['server'] });
    const files = { cert: server.cert, key: server.key, ca: authority.ca, crl: await authority.crl() };
    const [port = 0] = await findFreePorts(1);
    machineOrigin = `https://localhost:${port}`;
    const paths = Object.entries(files).map(([file, text]) => {
      const place = path.join(folder, file);
      writeFileSync(place, text, { mode: 0o600 });
      return [file, place] as const;
    });
    system = await startProviderSystem({
      mtls: { listen: { port }, publicUrl: machineOrigin, ca: '', ...Object.fromEntries(paths) },
    });
    const registered = await system.register({
      authentication: 'tls_client_auth',
      certificateName: `uri:${name}`,
      certificateBoundTokens: true,
      requirePushedRequests: true,
    });
    ({ id } = registered);
    browser = await system.signedIn();
  });
  afterAll(async () => {
    for (const agent of agents) await agent.close();
    await system.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A client program on a connection with this certificate, or with none. */
  function fetchWith(certificate?: TestCertificate): typeof fetch {
    const dispatcher = new Agent({ connect: { ca: authority.ca, ...certificate } });
    agents.push(dispatcher);
    // undici is what Node calls fetch.
    return ((input: string | URL, init: object = {}) =>
      fetchOf(input, { ...init, dispatcher })) as unknown as typeof fetch;
  }
  async function clientWith(certificate: TestCertificate | undefined, clientId = id): Promise<client.Configuration> {
    const call = fetchWith(certificate);
    return client.discovery(
      new URL(system.origin),
      clientId,
      { use_mtls_endpoint_aliases: true },
      client.TlsClientAuth(),
      {
        // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
        execute: [client.allowInsecureRequests],
        // What openid-client hands over is what fetch takes.
        [client.customFetch]: (url, options) => call(url, options as RequestInit),
      },
    );
  }
  async function authorize(configuration: client.Configuration, DPoP?: client.DPoPHandle) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const url = await client.buildAuthorizationUrlWithPAR(configuration, {
      redirect_uri: redirectUri,
      scope,
      resource: system.origin,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      prompt: 'consent',
    });
    const shown = await browser.open(url.href);
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
    const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true };
    return client.authorizationCodeGrant(configuration, back, checks, undefined, DPoP === undefined ? {} : { DPoP });
  }
  const callWith = (certificate: TestCertificate | undefined, token: string, headers = {}): Promise<Response> =>
    fetchWith(certificate)(`${machineOrigin}/api/x`, { headers: { authorization: `Bearer ${token}`, ...headers } });

  it('RFC8705-5-1: discovery names the endpoints for certificates, the same wherever it is asked', async () => {
    const discovery = await system.gateway.get('/.well-known/openid-configuration');
    const document: unknown = await discovery.json();
    expect(document).toMatchObject({
      tls_client_certificate_bound_access_tokens: true,
      mtls_endpoint_aliases: {
        token_endpoint: `${machineOrigin}/oauth2/token`,
        device_authorization_endpoint: `${machineOrigin}/oauth2/device`,
        pushed_authorization_request_endpoint: `${machineOrigin}/oauth2/par`,
        introspection_endpoint: `${machineOrigin}/oauth2/introspect`,
        revocation_endpoint: `${machineOrigin}/oauth2/revoke`,
        userinfo_endpoint: `${machineOrigin}/oauth2/userinfo`,
      },
      token_endpoint: `${system.origin}/oauth2/token`,
    });
    const there = await fetchWith(bank)(`${machineOrigin}/.well-known/openid-configuration`);
    expect(await there.json()).toEqual(document);
  });

  it('RFC8705-5-1: a device with a certificate asks there, and leads its user to the page for people', async () => {
    const { id: device } = await system.register({
      authentication: 'tls_client_auth',
      certificateName: `uri:${name}`,
      grantTypes: ['device_code'],
      redirectUris: [],
      scopes: ['openid'],
    });
    const asked = await client.initiateDeviceAuthorization(await clientWith(bank, device), { scope: 'openid' });
    expect(asked).toMatchObject({
      verification_uri: `${system.origin}/auth/device`,
      verification_uri_complete: `${system.origin}/auth/device?user_code=${asked.user_code}`,
      interval: 5,
    });
    await expect(
      client.initiateDeviceAuthorization(await clientWith(stranger, device), { scope: 'openid' }),
    ).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('RFC8705-2.1-1: signs a user in with PAR and a certificate, and opens a route with a bound token', async () => {
    const configuration = await clientWith(bank);
    const tokens = await authorize(configuration);
    expect((await callWith(bank, tokens.access_token)).status).toBe(200);
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect((await callWith(bank, refreshed.access_token)).status).toBe(200);
    const said = await client.tokenIntrospection(configuration, refreshed.access_token);
    expect(said).toMatchObject({
      active: true,
      token_type: 'Bearer',
      cnf: { 'x5t#S256': expect.any(String) as string },
    });
    await client.tokenRevocation(configuration, refreshed.refresh_token ?? '');
    expect((await callWith(bank, refreshed.access_token)).status).toBe(401);
  });

  it('RFC8705-2.1-2: knows no client by the certificate of another, by none, and at the public endpoint', async () => {
    for (const certificate of [stranger, undefined])
      await expect(authorize(await clientWith(certificate))).rejects.toThrow();
    const form = { grant_type: 'refresh_token', refresh_token: 'sp_rt_x', client_id: id };
    const der = Buffer.from(bank.cert.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64').toString('base64');
    for (const headers of [{}, { 'client-cert': `:${der}:` }, { 'x-ssl-client-cert': encodeURIComponent(bank.cert) }]) {
      const body = new URLSearchParams(form);
      const answer = await fetch(`${system.origin}/oauth2/token`, { method: 'POST', headers, body });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    }
    const body = new URLSearchParams(form);
    const answer = await fetchWith(stranger)(`${machineOrigin}/oauth2/token`, { method: 'POST', body });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  });

  it('RFC8705-3-1: a stolen bound token is worth nothing without its certificate, anywhere', async () => {
    const { access_token: token } = await authorize(await clientWith(bank));
    for (const certificate of [stranger, renewed]) expect((await callWith(certificate, token)).status).toBe(401);
    expect((await callWith(undefined, token)).status).toBe(401);
    expect((await system.gateway.get('/api/x', { authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await system.gateway.get('/api/x', { authorization: `DPoP ${token}` })).status).toBe(401);
    expect((await callWith(bank, token)).status).toBe(200);
  });

  it('RFC8705-3-2: a client with a renewed certificate refreshes, and gets tokens of that one', async () => {
    const { refresh_token: before = '' } = await authorize(await clientWith(bank));
    const tokens = await client.refreshTokenGrant(await clientWith(renewed), before);
    expect((await callWith(renewed, tokens.access_token)).status).toBe(200);
    expect((await callWith(bank, tokens.access_token)).status).toBe(401);
    // The answer is given again for some seconds: to the same certificate.
    await expect(client.refreshTokenGrant(await clientWith(bank), before)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('RFC8705-3-3: tokens for userinfo are bound, too', async () => {
    const configuration = await clientWith(bank);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = await client.buildAuthorizationUrlWithPAR(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid profile',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const shown = await browser.open(url.href);
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
    const tokens = await client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier });
    const subject = tokens.claims()?.sub ?? '';
    expect(await client.fetchUserInfo(configuration, tokens.access_token, subject)).toMatchObject({ sub: subject });
    const authorization = `Bearer ${tokens.access_token}`;
    expect((await fetchWith(stranger)(`${machineOrigin}/oauth2/userinfo`, { headers: { authorization } })).status).toBe(
      401,
    );
    expect((await system.gateway.get('/oauth2/userinfo', { authorization })).status).toBe(401);
  });

  it('RFC8705-2.1-3: PAR, a certificate and DPoP: the token is bound to the key, and works at the public listener', async () => {
    const { id: other } = await system.register({
      authentication: 'tls_client_auth',
      certificateName: `uri:${name}`,
      dpop: 'required',
      requirePushedRequests: true,
    });
    const configuration = await clientWith(bank, other);
    const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'));
    const tokens = await authorize(configuration, DPoP);
    const call = (proof?: client.DPoPHandle): Promise<Response> =>
      client.fetchProtectedResource(
        configuration,
        tokens.access_token,
        new URL('/api/x', system.origin),
        'GET',
        undefined,
        undefined,
        proof === undefined ? {} : { DPoP: proof },
      );
    expect((await call(DPoP)).status).toBe(200);
    await expect(call()).rejects.toMatchObject({ status: 401 });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it.each([
    { kind: 'dn:CN=bank,O=Partner', request: { subject: 'O=Partner, CN=bank' }, wrong: { subject: 'CN=bank' } },
    {
      kind: 'dns:BANK.partner.example',
      request: { dnsNames: ['bank.partner.example'] },
      wrong: { dnsNames: ['x.bank.partner.example'] },
    },
    { kind: 'ip:10.1.2.3', request: { addresses: ['10.1.2.3'] }, wrong: { addresses: ['10.1.2.30'] } },
  ])('RFC8705-2.1.2-1: knows a client by $kind, with oauth4webapi', async ({ kind, request, wrong }) => {
    const { id: other } = await system.register({
      authentication: 'tls_client_auth',
      certificateName: kind,
      certificateBoundTokens: true,
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const server = {
      issuer: system.origin,
      token_endpoint: `${system.origin}/oauth2/token`,
      mtls_endpoint_aliases: { token_endpoint: `${machineOrigin}/oauth2/token` },
    };
    const asked = { client_id: other, use_mtls_endpoint_aliases: true };
    const ask = async (certificate: TestCertificate): Promise<Response> => {
      const call = fetchWith(certificate);
      return oauth.clientCredentialsGrantRequest(
        server,
        asked,
        oauth.TlsClientAuth(),
        { scope: 'product:read' },
        {
          [oauth.customFetch]: (url, options) => call(url, options),
        },
      );
    };
    const right = await authority.issue(request);
    const tokens = await oauth.processClientCredentialsResponse(server, asked, await ask(right));
    expect((await callWith(right, tokens.access_token)).status).toBe(200);
    const refused = await ask(await authority.issue(wrong));
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  });
});
