import { createHash, randomBytes } from 'node:crypto';
import { json, type Ask, type Fault, type Person, type Reply, type StandIn } from './stand-in.ts';

/** One row of `GET /user/emails`. */
export interface GitHubEmail {
  readonly email: string;
  readonly primary: boolean;
  readonly verified: boolean;
  readonly visibility: 'public' | 'private' | null;
}

export interface GitHub extends StandIn {
  /** The scopes that the person lets the app have; all that it asks for unless said. */
  grantScopes(scopes: readonly string[] | undefined): void;
  /** The addresses of the person; the one of the profile unless said. */
  setEmails(emails: readonly GitHubEmail[] | undefined): void;
}

export interface GitHubOptions {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Grant {
  readonly person: Person;
  readonly redirectUri: string | null;
  readonly challenge: string | null;
  readonly scopes: readonly string[];
}

/**
 * GitHub as the guide to OAuth apps documents it: no OpenID provider and no ID token, but a profile and a list of addresses;
 * refusals of the token endpoint come with status 200; every answer of the API names the scopes of the token.
 */
export function createGitHub({ clientId, clientSecret }: GitHubOptions): GitHub {
  const grants = new Map<string, Grant>();
  const tokens = new Map<string, Grant>();
  const asked: string[] = [];
  let fault: Fault | undefined;
  let person: Person | undefined;
  let granted: readonly string[] | undefined;
  let emails: readonly GitHubEmail[] | undefined;

  const routes: Readonly<Record<string, (ask: Ask) => Reply>> = {
    'github.com/login/oauth/authorize': authorize,
    'github.com/login/oauth/access_token': exchange,
    'api.github.com/user': (ask) =>
      forOwner(ask, ({ person: owner }) => ({
        id: Number(fault === 'names no subject' ? NaN : owner.subject),
        login: owner.name.toLowerCase().replaceAll(' ', '-'),
        name: owner.name,
        // What the person shows to all, which may be nothing, and says nothing of who confirmed it.
        email: owner.email,
        ...owner.more,
      })),
    'api.github.com/user/emails': (ask) =>
      forOwner(ask, ({ person: owner, scopes }) =>
        scopes.some((scope) => scope === 'user' || scope === 'user:email')
          ? (emails ?? [{ email: owner.email, primary: true, verified: owner.isVerified, visibility: 'private' }])
          : undefined,
      ),
  };

  return {
    hosts: ['github.com', 'api.github.com'],
    asked,
    async answer(ask) {
      const address = `${ask.url.host}${ask.url.pathname}`;
      asked.push(`${ask.method} ${address}`);
      const isForPeople = address === 'github.com/login/oauth/authorize';
      if (!isForPeople && fault === 'is down') return { kind: 'hang-up' };
      if (!isForPeople && fault === 'answers 503') return json({ message: 'Service unavailable' }, 503);
      if (!isForPeople && fault === 'is slow') await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      if (!isForPeople && fault === 'answers HTML')
        return { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Unicorn!</h1>' };
      return routes[address]?.(ask) ?? json({ message: 'Not Found' }, 404);
    },
    misbehave: (next) => void (fault = next),
    enter: (next) => void (person = next),
    grantScopes: (scopes) => void (granted = scopes),
    setEmails: (next) => void (emails = next),
  };

  function authorize({ url: { searchParams } }: Ask): Reply {
    if (searchParams.get('client_id') !== clientId || person === undefined) return json({ message: 'Not Found' }, 404);
    const redirectUri = searchParams.get('redirect_uri');
    const code = randomBytes(10).toString('hex');
    grants.set(code, {
      person,
      redirectUri,
      challenge: searchParams.get('code_challenge'),
      scopes: granted ?? (searchParams.get('scope') ?? '').split(/[ ,]/),
    });
    const to = new URL(redirectUri ?? 'https://unknown.test/');
    if (fault === 'is cancelled by the person') to.searchParams.set('error', 'access_denied');
    else if (fault === 'reports an error of its own') to.searchParams.set('error', 'application_suspended');
    else if (fault !== 'leaves the code out') to.searchParams.set('code', code);
    if (fault !== 'answers no state')
      to.searchParams.set(
        'state',
        fault === 'answers another state' ? randomBytes(16).toString('hex') : (searchParams.get('state') ?? ''),
      );
    return { kind: 'answer', status: 302, headers: { location: to.href }, body: '' };
  }

  function exchange({ form, headers }: Ask): Reply {
    const refuse = (error: string) =>
      json({ error, error_description: 'As documented.', error_uri: 'https://docs.test' });
    if (!(headers['accept'] ?? '').includes('json')) return json({ message: 'The answer would be a form' }, 406);
    const isClient = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
    if (fault === 'refuses the client' || !isClient) return refuse('incorrect_client_credentials');
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    if (fault === 'refuses the code' || grant === undefined) return refuse('bad_verification_code');
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant.challenge !== null && verifier !== grant.challenge) return refuse('bad_verification_code');
    if (grant.redirectUri !== form.get('redirect_uri')) return refuse('redirect_uri_mismatch');
    const accessToken = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(accessToken, grant);
    return json({ access_token: accessToken, scope: grant.scopes.join(','), token_type: 'bearer' });
  }

  function forOwner({ headers }: Ask, show: (grant: Grant) => unknown): Reply {
    // The API refuses requests that do not say who sends them.
    if (headers['user-agent'] === undefined || headers['user-agent'] === '')
      return json({ message: 'Request forbidden by administrative rules' }, 403);
    const grant = tokens.get((headers['authorization'] ?? '').replace(/^(?:Bearer|token) /i, ''));
    if (grant === undefined) return json({ message: 'Bad credentials' }, 401);
    const shown = show(grant);
    const scopes = { 'x-oauth-scopes': grant.scopes.join(', '), 'x-accepted-oauth-scopes': 'user, user:email' };
    return shown === undefined ? json({ message: 'Not Found' }, 404, scopes) : json(shown, 200, scopes);
  }
}
