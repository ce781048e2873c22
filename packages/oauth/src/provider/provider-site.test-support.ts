import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anonymous, type Caller } from '@sallyport/core';
import type { Answer, Harness } from '@sallyport/identity/test-support/harness';
import type { MadeClient } from '../clients/oauth-clients.ts';
import type { OAuthServices } from '../features.ts';
import { tokenExchangeGrant } from '../clients/oauth-client.ts';
import { operate, partner } from '../oauth.test-support.ts';
import { accessTokenType } from './exchange-request.ts';

/** A user whose browser is signed in. */
export interface SignedInUser {
  readonly id: string;
  readonly caller: Caller;
}

/** A client that was registered. */
export interface SiteClient {
  readonly id: string;
  readonly secret: string;
}

/** A question for consent, and the cookies of the browser that was asked. */
export interface AskedQuestion {
  readonly uid: string;
  readonly cookie: string;
  readonly verifier: string;
}

/** What the token endpoint answered. */
export interface TokenReply {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

/** The provider on a socket, without a gateway: as one of several processes on a database. */
export interface ProviderSite {
  signIn(email: string): Promise<SignedInUser>;
  register(name: string, change?: object): Promise<SiteClient>;
  /** Asks for a code, up to the question for consent. */
  ask(client: SiteClient, user: SignedInUser, scope?: string, resource?: string): Promise<AskedQuestion>;
  decide(question: AskedQuestion, decision: 'allow' | 'deny', user: SignedInUser): Promise<Answer>;
  /** Where the browser is sent once the question is answered. */
  resume(question: AskedQuestion, user: SignedInUser): Promise<URL>;
  /** Asks for a code by a request that was pushed, up to the question for consent. */
  askPushed(client: SiteClient, user: SignedInUser, requestUri: string): Promise<AskedQuestion>;
  /** Leaves an authorization request behind (RFC 9126): its `request_uri`, and the verifier that belongs to it. */
  push(client: SiteClient): Promise<{ readonly requestUri: string; readonly verifier: string }>;
  /** Acts as the client itself, with a proof of possession. */
  actAlone(client: SiteClient, proof: string): Promise<TokenReply>;
  redeem(client: SiteClient, code: string, verifier: string): Promise<TokenReply>;
  refresh(client: SiteClient, refreshToken: string): Promise<TokenReply>;
  /** The whole way, with consent. */
  authorize(client: SiteClient, user: SignedInUser, resource?: string): Promise<TokenReply['body']>;
  /** Token exchange by a client that proves itself. */
  exchange(client: SiteClient, subjectToken: string, form?: Record<string, string>): Promise<TokenReply>;
  /** Posts a form to an endpoint, as a client with its secret or as a public one. */
  post(
    path: string,
    client: SiteClient,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<TokenReply>;
  /** Whether the gateway would take an access token. */
  isTaken(accessToken: string): Promise<boolean>;
  close(): Promise<void>;
}

const [redirectUri] = partner.redirectUris;
const callerHeader = 'x-test-user';

/** Serves the provider of a harness. */
export async function serveProvider(harness: Harness): Promise<ProviderSite> {
  const { oauthProvider } = harness.identity as unknown as OAuthServices; // The harness has the features of this package.
  if (oauthProvider === undefined) throw new TypeError('the harness has no provider');
  const callers = new Map<string, Caller>();
  const server = createServer((request, response) => {
    const caller = callers.get(String(request.headers[callerHeader])) ?? anonymous;
    const context = { requestId: 'req-test', clientAddress: '203.0.113.7', caller };
    const show = async (view: object): Promise<Response> => Response.json(view);
    void oauthProvider.handle(request, response, context, show);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const get = (path: string, user: SignedInUser, cookie = ''): Promise<Response> =>
    fetch(origin + path, { redirect: 'manual', headers: { cookie, [callerHeader]: user.id } });
  const post: ProviderSite['post'] = async (path, { id, secret }, form, headers = {}) => {
    const isPublic = secret === '';
    const basic = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
    const answer = await fetch(origin + path, {
      method: 'POST',
      headers: { ...(isPublic ? {} : basic), ...headers },
      body: new URLSearchParams({ ...form, ...(isPublic ? { client_id: id } : {}) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as TokenReply['body']) };
  };
  const token = (client: SiteClient, form: Record<string, string>): Promise<TokenReply> =>
    post('/oauth2/token', client, form);
  const authorizationOf = (
    { id }: SiteClient,
    verifier: string,
    scope: string,
    resource = 'http://localhost:3000/',
  ): Record<string, string> => ({
    client_id: id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    prompt: 'consent',
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const openQuestion = async (parameters: Record<string, string>, user: SignedInUser, verifier: string) => {
    const answer = await get(`/oauth2/auth?${new URLSearchParams(parameters).toString()}`, user);
    const uid = /\/auth\/oauth\/([\w-]+)$/.exec(answer.headers.get('location') ?? '')?.[1];
    if (uid === undefined) throw new Error(`no question: ${answer.status} ${await answer.text()}`);
    const cookie = answer.headers
      .getSetCookie()
      .flatMap((line) => line.split(';', 1))
      .join('; ');
    return { uid, cookie, verifier };
  };

  const site: ProviderSite = {
    async signIn(email) {
      const { caller } = await harness.signIn(email);
      const id = caller.kind === 'user' ? caller.id : '';
      callers.set(id, caller);
      return { id, caller };
    },
    async register(name, change = {}) {
      const made = await operate<MadeClient>(harness, 'oauth-clients/create', { ...partner, name, ...change });
      return { id: made.client.id, secret: made.secret ?? '' };
    },
    ask(client, user, scope = 'openid offline_access product:read', resource) {
      const verifier = randomBytes(32).toString('base64url');
      return openQuestion(authorizationOf(client, verifier, scope, resource), user, verifier);
    },
    askPushed: ({ id }, user, requestUri) => openQuestion({ client_id: id, request_uri: requestUri }, user, ''),
    async push(client) {
      const verifier = randomBytes(32).toString('base64url');
      const { status, body } = await post('/oauth2/par', client, authorizationOf(client, verifier, 'openid'));
      if (status !== 201) throw new Error(`not pushed: ${JSON.stringify(body)}`);
      return { requestUri: body['request_uri'] ?? '', verifier };
    },
    actAlone: (client, proof) => post('/oauth2/token', client, { grant_type: 'client_credentials' }, { dpop: proof }),
    decide: ({ uid, cookie }, decision, { caller }) =>
      harness.call('POST', `/auth/oauth/${uid}/decision`, { decision }, { caller, headers: { cookie } }),
    async resume({ uid, cookie }, user) {
      const answer = await get(`/oauth2/auth/${uid}`, user, cookie);
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`not led on: ${answer.status} ${await answer.text()}`);
      return new URL(location);
    },
    redeem: (client, code, code_verifier) =>
      token(client, { grant_type: 'authorization_code', code, code_verifier, redirect_uri: redirectUri }),
    post,
    refresh: (client, refresh_token) => token(client, { grant_type: 'refresh_token', refresh_token }),
    exchange: (client, subject_token, form = {}) =>
      token(client, {
        grant_type: tokenExchangeGrant,
        subject_token,
        subject_token_type: accessTokenType,
        ...form,
      }),
    async authorize(client, user, resource) {
      const question = await site.ask(client, user, undefined, resource);
      const decided = await site.decide(question, 'allow', user);
      if (decided.status !== 200) throw new Error(`no consent: ${decided.text}`);
      const code = (await site.resume(question, user)).searchParams.get('code') ?? '';
      const { status, body } = await site.redeem(client, code, question.verifier);
      if (status !== 200) throw new Error(`no tokens: ${JSON.stringify(body)}`);
      return body;
    },
    async isTaken(accessToken) {
      for (const authenticator of harness.identity.authenticators) {
        const credential = authenticator.recognize({ header: 'authorization', value: `Bearer ${accessToken}` });
        if (credential !== undefined) return (await authenticator.authenticate(credential)).kind === 'authenticated';
      }
      return false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return site;
}
