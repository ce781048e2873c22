import * as client from 'openid-client';
import * as z from 'zod';
import { createClientAuthentication } from './client-authentication.ts';
import { toExternalProof } from './external-proof.ts';
import type { ProviderClientOptions } from './oidc-client.ts';
import type { ProviderClient } from './provider-client.ts';
import { scopesOf } from './kept-tokens/ask-for-tokens.ts';
import { toProviderTokens } from './kept-tokens/to-provider-tokens.ts';
import { createProviderFetch, providerTimeoutSeconds, type ProviderFetch } from './provider-fetch.ts';
import { refuse } from './provider-refusal.ts';
import { toProviderRefusal } from './to-provider-refusal.ts';

const profileSchema = z.object({
  id: z.number().int().positive(),
  login: z.string(),
  name: z.string().nullish(),
});
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/**
 * Builds the client of GitHub, which is no OpenID provider: who is there is what its API says to the access token that the
 * code was exchanged for. That token is used twice, and kept only where the configuration says so; it does not end by itself. The subject is the number of the account, since
 * names are given to others.
 *
 * @see {@link https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps Authorizing OAuth apps}
 */
export function createGithubClient(options: ProviderClientOptions): ProviderClient {
  const { provider, secretOf, fetchFromProviders } = options;
  const { issuer: origin } = provider;
  const fetchFrom = createProviderFetch(origin, fetchFromProviders);
  const api = origin === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
  const configuration = new client.Configuration(
    {
      issuer: origin,
      authorization_endpoint: `${origin}/login/oauth/authorize`,
      token_endpoint: `${origin}/login/oauth/access_token`,
    },
    provider.clientId,
    undefined,
    createClientAuthentication(provider, secretOf),
  );
  configuration.timeout = providerTimeoutSeconds;
  configuration[client.customFetch] = withRefusalStatus(fetchFrom);
  // oxlint-disable-next-line typescript/no-deprecated -- so marked to be seen; the configuration has plain http on loopback alone
  if (new URL(origin).protocol === 'http:') client.allowInsecureRequests(configuration);

  return {
    provider,
    async authorizationUrl({ redirectUri, state, codeChallenge, isFresh }) {
      // It neither signs a user in anew nor says when it did.
      if (isFresh) throw refuse('sign-in-not-fresh');
      return client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: scopesOf(provider),
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      });
    },
    async redeem({ parameters, redirectUri, state, codeVerifier }) {
      const answered = new URL(redirectUri);
      answered.search = parameters.toString();
      let tokens;
      try {
        tokens = await client.authorizationCodeGrant(configuration, answered, {
          expectedState: state,
          pkceCodeVerifier: codeVerifier,
        });
      } catch (error) {
        throw toProviderRefusal(error);
      }
      const { access_token: token } = tokens;
      const profile = await ask(fetchFrom, `${api}/user`, token, profileSchema);
      const emails = await ask(fetchFrom, `${api}/user/emails`, token, emailsSchema);
      const primary = emails.find((address) => address.primary);
      const proof = toExternalProof(
        {
          iss: origin,
          sub: String(profile.id),
          email: primary?.email,
          email_verified: primary?.verified === true,
          name: profile.name ?? profile.login,
        },
        provider,
      );
      return provider.keepTokens === undefined ? proof : { ...proof, tokens: toProviderTokens(tokens, options.now()) };
    },
    async revoke({ accessToken }) {
      const secret = secretOf();
      if (secret === undefined) throw refuse('client-secret-missing');
      const { status } = await fetchFrom(`${api}/applications/${provider.clientId}/token`, {
        method: 'DELETE',
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Basic ${Buffer.from(`${provider.clientId}:${secret}`).toString('base64')}`,
          'content-type': 'application/json',
          'user-agent': 'sallyport',
          'x-github-api-version': '2022-11-28',
        },
        body: JSON.stringify({ access_token: accessToken }),
      });
      // 404 and 422: of a token that is not good any more.
      if (![204, 404, 422].includes(status)) throw refuse('provider-failed');
      return true;
    },
  };
}

/** What GitHub calls the refusals that RFC 6749, section 5.2 has other words for. */
const tokenErrors: Readonly<Record<string, string>> = {
  bad_verification_code: 'invalid_grant',
  incorrect_client_credentials: 'invalid_client',
};

/** GitHub refuses a code with status 200: such an answer gets the status and the word of the RFC. */
function withRefusalStatus(fetchFrom: ProviderFetch): ProviderFetch {
  return async (url, options) => {
    const response = await fetchFrom(url, options);
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    if (response.status !== 200 || typeof error !== 'string') return response;
    return Response.json({ error: tokenErrors[error] ?? error }, { status: 400 });
  };
}

async function ask<Schema extends z.ZodType>(
  fetchFrom: ProviderFetch,
  url: string,
  token: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'sallyport',
    'x-github-api-version': '2022-11-28',
  };
  const response = await fetchFrom(url, { method: 'GET', headers });
  // What the user did not let this product read looks as if it were not there.
  if (response.status === 403 || response.status === 404) throw refuse('email-missing');
  if (response.status !== 200) throw refuse('provider-failed');
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw refuse('token-answer-invalid');
  return parsed.data;
}
