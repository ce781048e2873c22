import { createHash, randomBytes } from 'node:crypto';
import {
  changedToken,
  createSigningKey,
  symmetricToken,
  unsignedToken,
  type Claims,
  type SigningKey,
} from './signing-key.ts';

/** What a stand-in is asked, whichever of its hosts was asked. */
export interface Ask {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: URLSearchParams;
}

/** What it answers; `hangUp` closes the connection without a word. */
export type Reply =
  | { readonly kind: 'hang-up' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** A local server in the place of a provider on the internet. */
export interface StandIn {
  /** Names of the provider that lead here. */
  readonly hosts: readonly string[];
  /** What it was asked for, as `GET host/path`. */
  readonly asked: string[];
  answer(ask: Ask): Promise<Reply>;
  /** How it misbehaves from now on; nothing makes it honest again. */
  misbehave(fault?: Fault): void;
  /** Who is signed in at it. */
  enter(person: Person): void;
}

/** A person at a provider. */
export interface Person {
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  readonly isVerified: boolean;
  /** Further claims, such as `hd` of Google or `xms_edov` of Microsoft. */
  readonly more?: Claims;
}

/** All that a provider can do wrong, and what a person can do there. */
export type Fault =
  | 'is down'
  | 'answers 503'
  | 'is slow'
  | 'answers HTML'
  | 'has lost its keys'
  | 'refuses the code'
  | 'refuses the client'
  | 'is cancelled by the person'
  | 'reports an error of its own'
  | 'answers another state'
  | 'answers no state'
  | 'names another issuer in its answer'
  | 'leaves the code out'
  | 'gives no ID token'
  | 'signs as another issuer'
  | 'signs for another client'
  | 'signs for several clients'
  | 'names another authorized party'
  | 'signs another nonce'
  | 'signs no nonce'
  | 'signs nothing'
  | 'signs with its public key as a secret'
  | 'signs with the secret of the client'
  | 'signs with a key that it does not publish'
  | 'changes claims after signing'
  | 'gives a token that has expired'
  | 'gives a token of the future'
  | 'names no subject'
  | 'names another subject at its profile'
  | 'gives a code of another person';

/** The endpoints of an OpenID provider, as its discovery document names them. */
export interface OpenIdEndpoints {
  readonly issuer: string;
  readonly discovery: string;
  readonly authorization: string;
  readonly token: string;
  readonly keys: string;
  readonly profile?: string;
  readonly more?: Claims;
}

export interface OpenIdStandInOptions {
  readonly endpoints: OpenIdEndpoints;
  readonly clientId: string;
  /** The secret that it compares, or its own check of what the client proves itself with. */
  readonly clientSecret: string | ((form: URLSearchParams, headers: Readonly<Record<string, string>>) => boolean);
  /** The claims of an ID token, beside the registered ones. */
  readonly claimsOf: (person: Person) => Claims;
  /** What the profile says instead, where the ID token keeps it back (OpenID Connect Core, 5.4). @default the same claims */
  readonly profileOf?: (person: Person) => Claims;
  /** The issuer of one person's token, where it is not that of the discovery document. */
  readonly issuerOf?: (person: Person) => string;
  /** Whether every answer, also a refusal, names the issuer (RFC 9207). @default false */
  readonly namesItself?: boolean;
  /** What goes back beside code and state. */
  readonly besideCode?: (person: Person) => Readonly<Record<string, string>>;
  /** The error that stands for a person who cancels. @default access_denied */
  readonly cancelled?: string;
}

export interface OpenIdStandIn extends StandIn {
  /** Signs with a new key from now on; the JWKS has it alone. */
  rotateKeys(): void;
}

interface Grant {
  readonly person: Person;
  readonly redirectUri: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
}

/** Seconds that a slow provider takes: longer than a person waits. */
const slowMilliseconds = 60_000;

/** Builds a stand-in of an OpenID provider with the authorization code flow, PKCE and one client. */
export function createOpenIdStandIn(options: OpenIdStandInOptions): OpenIdStandIn {
  const { endpoints, clientId, clientSecret, claimsOf, issuerOf = () => endpoints.issuer } = options;
  const grants = new Map<string, Grant>();
  const profiles = new Map<string, Person>();
  const asked: string[] = [];
  let fault: Fault | undefined;
  let person: Person | undefined;
  let key: SigningKey | undefined;
  let stranger: SigningKey | undefined;

  const routes: Readonly<Record<string, (ask: Ask) => Reply>> = {
    [endpoints.discovery]: () => json(discoveryOf(endpoints)),
    [endpoints.keys]: () =>
      fault === 'has lost its keys' ? json({ error: 'internal' }, 500) : json({ keys: [currentKey().jwk] }),
    [endpoints.authorization]: authorize,
    [endpoints.token]: exchange,
    ...(endpoints.profile === undefined ? {} : { [endpoints.profile]: showProfile }),
  };

  return {
    hosts: [...new Set(Object.keys(routes).map((address) => new URL(address).host))],
    asked,
    async answer(ask) {
      const address = `${ask.url.origin}${ask.url.pathname}`;
      asked.push(`${ask.method} ${ask.url.host}${ask.url.pathname}`);
      const isForPeople = address === endpoints.authorization;
      if (!isForPeople && fault === 'is down') return { kind: 'hang-up' };
      if (!isForPeople && fault === 'answers 503') return json({ error: 'temporarily_unavailable' }, 503);
      if (!isForPeople && fault === 'is slow')
        await new Promise((resolve) => setTimeout(resolve, slowMilliseconds).unref());
      if (address === endpoints.token && fault === 'answers HTML') return html('<h1>Welcome to the hotel network</h1>');
      return routes[address]?.(ask) ?? json({ error: 'not_found' }, 404);
    },
    misbehave: (next) => void (fault = next),
    enter: (next) => void (person = next),
    rotateKeys: () => void (key = createSigningKey(`key-${randomBytes(4).toString('hex')}`)),
  };

  /** Made when it is first used: RSA keys take a while. */
  function currentKey(): SigningKey {
    key ??= createSigningKey('first');
    return key;
  }

  function authorize({ url: { searchParams } }: Ask): Reply {
    const redirectUri = searchParams.get('redirect_uri') ?? '';
    const state = searchParams.get('state') ?? '';
    if (
      searchParams.get('client_id') !== clientId ||
      searchParams.get('response_type') !== 'code' ||
      person === undefined
    )
      return html('This app is not known here', 400);
    const code = randomBytes(12).toString('base64url');
    grants.set(code, {
      person: fault === 'gives a code of another person' ? { ...person, subject: `${person.subject}-other` } : person,
      redirectUri,
      nonce: searchParams.get('nonce'),
      challenge: searchParams.get('code_challenge'),
    });
    return leadBack(searchParams.get('response_mode'), redirectUri, {
      ...answerParameters(code, person),
      ...stateOf(state),
    });
  }

  function answerParameters(code: string, entered: Person): Record<string, string> {
    const said = fault === 'names another issuer in its answer' ? 'https://evil.test' : endpoints.issuer;
    const isNamed = options.namesItself === true || fault === 'names another issuer in its answer';
    const iss: Record<string, string> = isNamed ? { iss: said } : {};
    if (fault === 'is cancelled by the person') return { error: options.cancelled ?? 'access_denied', ...iss };
    if (fault === 'reports an error of its own')
      return { error: 'server_error', error_description: '<b>oops</b>', ...iss };
    if (fault === 'leaves the code out') return iss;
    return { code, ...iss, ...options.besideCode?.(entered) };
  }

  function stateOf(state: string): Record<string, string> {
    if (fault === 'answers no state') return {};
    return { state: fault === 'answers another state' ? randomBytes(16).toString('base64url') : state };
  }

  function exchange({ form, headers }: Ask): Reply {
    if (fault === 'refuses the client' || !isClient(form, headers)) return json({ error: 'invalid_client' }, 401);
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    if (fault === 'refuses the code' || grant === undefined || !matches(grant, form))
      return json({ error: 'invalid_grant', error_description: 'The code was used, or is not of this client.' }, 400);
    const accessToken = randomBytes(16).toString('base64url');
    profiles.set(accessToken, grant.person);
    return json({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      ...(fault === 'gives no ID token' ? {} : { id_token: idToken(grant) }),
    });
  }

  function isClient(form: URLSearchParams, headers: Readonly<Record<string, string>>): boolean {
    if (typeof clientSecret === 'function') return clientSecret(form, headers);
    const basic = Buffer.from((headers['authorization'] ?? '').replace(/^Basic /i, ''), 'base64').toString();
    const [basicId = '', basicSecret = ''] = basic.split(':').map((part) => decodeURIComponent(part));
    const id = form.get('client_id') ?? basicId;
    return id === clientId && (form.get('client_secret') ?? basicSecret) === clientSecret;
  }

  function idToken({ person: owner, nonce }: Grant): string {
    const now = Math.floor(Date.now() / 1000);
    const claims: Claims = {
      iss: issuerOf(owner),
      aud: clientId,
      sub: owner.subject,
      iat: now,
      exp: now + 3600,
      ...(nonce === null ? {} : { nonce }),
      ...claimsOf(owner),
      ...claimFaults(now),
    };
    const signer = currentKey();
    const forgeries: Partial<Record<Fault, () => string>> = {
      'signs nothing': () => unsignedToken(claims),
      'signs with its public key as a secret': () => symmetricToken(claims, signer.kid, JSON.stringify(signer.jwk)),
      'signs with the secret of the client': () =>
        symmetricToken(claims, signer.kid, typeof clientSecret === 'string' ? clientSecret : clientId),
      'signs with a key that it does not publish': () => {
        stranger ??= createSigningKey(signer.kid);
        return stranger.sign(claims);
      },
      'changes claims after signing': () => changedToken(signer.sign(claims), { sub: 'another-subject' }),
    };
    const forge = fault === undefined ? undefined : forgeries[fault];
    return forge?.() ?? signer.sign(claims);
  }

  function claimFaults(now: number): Claims {
    const faults: Partial<Record<Fault, Claims>> = {
      'signs as another issuer': { iss: 'https://evil.test' },
      'signs for another client': { aud: 'another-client', azp: 'another-client' },
      'signs for several clients': { aud: [clientId, 'another-client'], azp: undefined },
      'names another authorized party': { aud: [clientId, 'another-client'], azp: 'another-client' },
      'signs another nonce': { nonce: randomBytes(16).toString('base64url') },
      'signs no nonce': { nonce: undefined },
      'gives a token that has expired': { iat: now - 7200, exp: now - 3600 },
      'gives a token of the future': { iat: now + 7200, nbf: now + 7200, exp: now + 10_800 },
      'names no subject': { sub: undefined },
    };
    return (fault === undefined ? undefined : faults[fault]) ?? {};
  }

  function showProfile({ headers }: Ask): Reply {
    const owner = profiles.get((headers['authorization'] ?? '').replace(/^Bearer /i, ''));
    if (owner === undefined) return json({ error: 'invalid_token' }, 401);
    const sub = fault === 'names another subject at its profile' ? 'another-subject' : owner.subject;
    return json({ sub, ...(options.profileOf ?? claimsOf)(owner) });
  }
}

/** RFC 7636, section 4.6: a code without the verifier of the flow that began it is worth nothing. */
function matches({ redirectUri, challenge }: Grant, form: URLSearchParams): boolean {
  if (form.get('redirect_uri') !== redirectUri || form.get('grant_type') !== 'authorization_code') return false;
  const verifier = form.get('code_verifier') ?? '';
  return challenge === null || createHash('sha256').update(verifier).digest('base64url') === challenge;
}

function discoveryOf({ issuer, authorization, token, keys, profile, more }: OpenIdEndpoints): Claims {
  return {
    issuer,
    authorization_endpoint: authorization,
    token_endpoint: token,
    jwks_uri: keys,
    ...(profile === undefined ? {} : { userinfo_endpoint: profile }),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    ...more,
  };
}

/** RFC 6749, section 4.1.2, or the form that "OAuth 2.0 Form Post Response Mode" has a browser send from the provider’s page. */
function leadBack(mode: string | null, redirectUri: string, parameters: Readonly<Record<string, string>>): Reply {
  if (mode === 'form_post') {
    const inputs = Object.entries(parameters).map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`,
    );
    return html(`<form method="post" action="${escapeHtml(redirectUri)}">${inputs.join('')}</form>`);
  }
  const to = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) to.searchParams.set(name, value);
  return { kind: 'answer', status: 302, headers: { location: to.href }, body: '' };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** An answer in JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

function html(body: string, status = 200): Reply {
  return { kind: 'answer', status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
