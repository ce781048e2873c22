import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { basic, getTokens, postForm, type RawAnswer, type RawTokens } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
const onLoopback = { [oauth.allowInsecureRequests]: true };
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const agentUrl = 'https://agent.example/';
const toolUrl = 'https://tool.example/';

let system: ProviderSystem;
let cookie: string;
let server: oauth.AuthorizationServer;
let app: RegisteredClient;
let agent: RegisteredClient;
let tool: RegisteredClient;

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  const issuer = new URL(system.origin);
  const found = await oauth.discoveryRequest(issuer, { ...onLoopback, algorithm: 'oauth2' });
  server = await oauth.processDiscoveryResponse(issuer, found);
  const agentRegistration = {
    kind: 'agent',
    grantTypes: ['token_exchange'],
    redirectUris: [],
    scopes: ['product:read'],
  };
  // The product's own: it asks for no consent, which is not what is judged here.
  app = await system.register({ trust: 'first-party', resources: [system.origin, agentUrl] });
  agent = await system.register({ ...agentRegistration, resources: [system.origin, toolUrl], serves: [agentUrl] });
  tool = await system.register({ ...agentRegistration, serves: [toolUrl] });
});
afterAll(() => system.close());

const subjectFor = (resource: string): Promise<RawTokens> =>
  getTokens(system, cookie, app, { resource, scope: 'openid offline_access product:read product:create' });
const handOver = async (): Promise<string> => (await subjectFor(agentUrl)).access_token;

/** As a client that another library wrote, which judges the answer. */
async function exchange(by: RegisteredClient, subject: string, parameters: Readonly<Record<string, string>> = {}) {
  const client = { client_id: by.id };
  const form = { subject_token: subject, subject_token_type: accessTokenType, ...parameters };
  const proof = oauth.ClientSecretBasic(by.secret);
  const answer = await oauth.genericTokenEndpointRequest(server, client, proof, exchangeGrant, form, onLoopback);
  return oauth.processGenericTokenEndpointResponse(server, client, answer);
}
const ask = (form: Readonly<Record<string, string>>, by = agent): Promise<RawAnswer> =>
  postForm(system, '/oauth2/token', { grant_type: exchangeGrant, ...form }, basic(by));
const askFor = (subject: string, more: Readonly<Record<string, string>> = {}, by = agent): Promise<RawAnswer> =>
  ask({ subject_token: subject, subject_token_type: accessTokenType, ...more }, by);
const refusalOf = ({ status, json }: RawAnswer): readonly unknown[] => [status, json['error']];

describe('token exchange (RFC 8693)', () => {
  it('RFC8693-2.1-1: the provider says that it is there, and takes it from clients that prove themselves', async () => {
    expect(server.grant_types_supported).toContain(exchangeGrant);
    const subject = await handOver();
    const form = { grant_type: exchangeGrant, subject_token: subject, subject_token_type: accessTokenType };
    for (const [more, headers] of [
      [{}, {}],
      [{ client_id: agent.id }, {}],
      [{}, basic({ ...agent, secret: tool.secret })],
    ] as const)
      expect([400, 401]).toContain((await postForm(system, '/oauth2/token', { ...form, ...more }, headers)).status);
    expect(refusalOf(await askFor(subject, {}, app))).toEqual([400, 'invalid_request']);
  });

  it('RFC8693-2.1-2: the provider refuses a request without a token or its type, and other types', async () => {
    const subject = await handOver();
    for (const form of [
      {},
      { subject_token: subject },
      { subject_token_type: accessTokenType },
      ...['refresh_token', 'id_token', 'jwt', 'saml2', 'none'].map((type) => ({
        subject_token: subject,
        subject_token_type: `urn:ietf:params:oauth:token-type:${type}`,
      })),
    ])
      expect(refusalOf(await ask(form))).toEqual([400, 'invalid_request']);
  });

  it('RFC8693-2.1-3: the provider refuses an actor token without its type, a type without it, and another actor', async () => {
    const subject = await handOver();
    for (const more of [
      { actor_token: subject },
      { actor_token_type: accessTokenType },
      { actor_token: subject, actor_token_type: accessTokenType },
    ])
      expect(refusalOf(await askFor(subject, more))).toEqual([400, 'invalid_request']);
  });

  it('RFC8693-2.2.1-1: an answer says the type of the token, its scope and its end, and no cache keeps it', async () => {
    const answer = await askFor(await handOver());
    expect(answer).toMatchObject({
      status: 200,
      json: { issued_token_type: accessTokenType, token_type: 'Bearer', scope: 'product:read' },
    });
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.json['refresh_token']).toBeUndefined();
    expect(answer.json['expires_in']).toBeGreaterThan(0);
  });

  it('RFC8693-2.2.1-2: a client of another library gets a token that lives no longer than the one that it gave', async () => {
    const subject = await handOver();
    const { access_token: token } = await exchange(agent, subject);
    expect(decodeJwt(token).exp).toBeLessThanOrEqual(decodeJwt(subject).exp ?? 0);
  });

  it('RFC8693-2.2.2-1: the provider says the same of every token that is not exchanged', async () => {
    const gateway = await subjectFor(system.origin);
    const texts = new Set<string>();
    for (const subject of [
      'none',
      gateway.access_token,
      gateway.refresh_token,
      gateway.id_token,
      (await handOver()).replace(/.{8}$/, 'AAAAAAAA'),
    ]) {
      const answer = await askFor(subject);
      expect(refusalOf(answer)).toEqual([400, 'invalid_request']);
      texts.add(JSON.stringify(answer.json));
    }
    expect(texts.size).toBe(1);
  });

  it('RFC8693-2.2.2-2: the provider refuses a target that is not registered, and two of them', async () => {
    const subject = await handOver();
    for (const more of [
      { resource: 'https://else.example/' },
      { audience: 'billing' },
      { resource: toolUrl, audience: agentUrl },
    ])
      expect(refusalOf(await askFor(subject, more))).toEqual([400, 'invalid_target']);
  });

  it('RFC8693-4.1-1: a token names the clients that act, the last one first, and not more than a bound', async () => {
    const forTool = (await exchange(agent, await handOver(), { resource: toolUrl })).access_token;
    expect(decodeJwt(forTool)['act']).toEqual({ sub: agent.id });
    const last = (await exchange(tool, forTool)).access_token;
    expect(decodeJwt(last)['act']).toEqual({ sub: tool.id, act: { sub: agent.id } });
    const seen = system.seen.length;
    const answer = await fetch(`${system.origin}/api/x`, { headers: { authorization: `Bearer ${last}` } });
    expect(answer.status).toBe(200);
    const given = system.seen[seen]?.authorization?.slice('Bearer '.length) ?? '';
    expect(decodeJwt(given)).toMatchObject({ act: { sub: tool.id, act: { sub: agent.id } }, client_id: tool.id });
  });

  it('RFC8693-4.4-1: a token is exchanged by its own client, and by the resource that it was made for', async () => {
    const subject = await handOver();
    expect(refusalOf(await askFor(subject, {}, tool))).toEqual([400, 'invalid_request']);
    const forTool = (await exchange(agent, subject, { resource: toolUrl })).access_token;
    expect((await askFor(forTool, { resource: toolUrl }, agent)).status).toBe(200);
    expect(refusalOf(await askFor(forTool, { resource: system.origin }, agent))).toEqual([400, 'invalid_target']);
    expect((await askFor(forTool, {}, tool)).status).toBe(200);
  });
});
