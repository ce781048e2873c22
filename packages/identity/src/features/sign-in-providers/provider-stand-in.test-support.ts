import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/** Who signs in at the stand-in. */
export type StandInClaims = Readonly<Record<string, unknown>> & { readonly sub: string };

/** What a stand-in answers where it is to give tokens that are worth something. */
export interface StandInGrants {
  /** Members of the answer to a code. */
  issue(): object;
  /** The answer to a refresh token; `lost` cuts the connection after all was done. */
  refresh(refreshToken: string): Promise<{ readonly status: number; readonly body: object } | 'lost'>;
  /** The status that the revocation of a token is answered with. */
  revoke(token: string): number;
}

/** How the stand-in departs from what it should do. Tests write to it. */
export interface StandInLies {
  /** Changes claims before they are signed. */
  claims?: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the discovery document. */
  discovery?: (document: Record<string, unknown>) => Record<string, unknown>;
  /** Answers in place of an endpoint; `hang` never answers. */
  at?: Partial<Record<'discovery' | 'token' | 'jwks', { readonly status: number; readonly body: string } | 'hang'>>;
  /** Signs with another key than it publishes. */
  signsWithUnpublishedKey?: boolean;
  /** Under the `kid` of the published one. */
  underPublishedKid?: boolean;
  /** Changes the ID token after it was signed. */
  idToken?: (token: string) => string | undefined;
  /** Gives tokens that can be refreshed and revoked. */
  grants?: StandInGrants;
}

/** An OpenID provider on loopback, by the rules unless it is told to lie. */
export interface ProviderStandIn {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly lies: StandInLies;
  /** Requests to each endpoint so far. */
  readonly seen: Readonly<Record<'discovery' | 'token' | 'jwks', number>>;
  /** What came to the token endpoint last. */
  readonly lastTokenRequest: () => URLSearchParams;
  /** What a browser that was sent to `location` is sent back with, once this person signed in. */
  authorize(location: string, person: StandInClaims, change?: Readonly<Record<string, string>>): URL;
  /** A new key in place of the published one. */
  rotateKey(): Promise<void>;
  signLogoutToken(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly claims: Record<string, unknown>;
}

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** Starts the stand-in. */
export async function startProviderStandIn(): Promise<ProviderStandIn> {
  const clientId = 'sallyport';
  const clientSecret = `secret-${randomBytes(12).toString('hex')}`;
  const grants = new Map<string, Grant>();
  const lies: StandInLies = {};
  const seen = { discovery: 0, token: 0, jwks: 0 };
  let lastTokenRequest = new URLSearchParams();
  let key = await makeKey();
  const unpublished = await makeKey();

  const answer = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readText(request));
    lastTokenRequest = form;
    const basic = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
    const presented = basic.split(':').map((part) => decodeURIComponent(part));
    if (presented.join(':') !== `${clientId}:${clientSecret}`)
      return answer(response, 401, { error: 'invalid_client' });
    if (form.get('grant_type') === 'refresh_token') {
      const refreshed = await lies.grants?.refresh(form.get('refresh_token') ?? '');
      if (refreshed === undefined) return answer(response, 400, { error: 'unsupported_grant_type' });
      return refreshed === 'lost' ? void response.destroy() : answer(response, refreshed.status, refreshed.body);
    }
    const grant = grants.get(form.get('code') ?? '');
    grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant === undefined || grant.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri'))
      return answer(response, 400, { error: 'invalid_grant' });
    const signing = lies.signsWithUnpublishedKey === true ? unpublished : key;
    const kid = lies.underPublishedKid === true ? key.kid : signing.kid;
    const claims = (lies.claims ?? ((same) => same))(grant.claims);
    const signed = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(signing.privateKey);
    const idToken = lies.idToken === undefined ? signed : lies.idToken(signed);
    const given = lies.grants?.issue() ?? { access_token: 'at', expires_in: 60 };
    answer(response, 200, { ...given, token_type: 'Bearer', id_token: idToken });
  };

  const revoke = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readText(request));
    answer(response, lies.grants?.revoke(form.get('token') ?? '') ?? 404, {});
  };

  const endpoints: Record<keyof typeof seen, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    discovery: (_request, response) => {
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        ...(lies.grants === undefined ? {} : { revocation_endpoint: `${issuer}/revoke` }),
      };
      answer(response, 200, (lies.discovery ?? ((same) => same))(document));
    },
    token,
    jwks: (_request, response) => answer(response, 200, { keys: [key.jwk] }),
  };

  const server = createServer((request, response) => {
    if (request.url === '/revoke') return void revoke(request, response);
    const name = ({ '/.well-known/openid-configuration': 'discovery', '/token': 'token', '/jwks': 'jwks' } as const)[
      request.url ?? ''
    ];
    if (name === undefined) return answer(response, 404, {});
    seen[name] += 1;
    const lie = lies.at?.[name];
    if (lie === 'hang') return;
    if (lie !== undefined)
      return void response.writeHead(lie.status, { 'content-type': 'application/json' }).end(lie.body);
    void endpoints[name](request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    issuer,
    clientId,
    clientSecret,
    lies,
    seen,
    lastTokenRequest: () => lastTokenRequest,
    authorize(location, person, change = {}) {
      const asked = new URL(location).searchParams;
      const code = randomBytes(16).toString('base64url');
      const seconds = Math.floor(Date.now() / 1000);
      const redirectUri = asked.get('redirect_uri') ?? '';
      grants.set(code, {
        challenge: asked.get('code_challenge') ?? '',
        redirectUri,
        claims: {
          iss: issuer,
          aud: clientId,
          iat: seconds,
          exp: seconds + 60,
          nonce: asked.get('nonce') ?? undefined,
          ...person,
        },
      });
      const back = new URL(redirectUri);
      const parameters = { code, state: asked.get('state') ?? '', iss: issuer, ...change };
      for (const [name, value] of Object.entries(parameters)) if (value !== '') back.searchParams.set(name, value);
      return back;
    },
    async rotateKey() {
      key = await makeKey();
    },
    signLogoutToken(claims, header = {}) {
      const seconds = Math.floor(Date.now() / 1000);
      const usual = {
        iss: issuer,
        aud: clientId,
        iat: seconds,
        exp: seconds + 120,
        jti: randomBytes(8).toString('hex'),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'logout+jwt', ...header })
        .sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function makeKey(): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const kid = randomBytes(4).toString('hex');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'ES256' } };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
