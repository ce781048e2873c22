import * as client from 'openid-client';
import { causesOf, type Logger } from '@sallyport/core';
import { createDiscoveredIssuer } from './discovered-issuer.ts';
import { toExternalProof } from './external-proof.ts';
import { offlineParametersOf, scopesOf } from './kept-tokens/ask-for-tokens.ts';
import { toProviderTokens } from './kept-tokens/to-provider-tokens.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { createLogoutTokenVerifier } from './logout-token.ts';
import type { ProviderClient } from './provider-client.ts';
import { createProviderFetch } from './provider-fetch.ts';
import { refuse } from './provider-refusal.ts';
import { toProviderRefusal, toRefreshRefusal } from './to-provider-refusal.ts';

export interface ProviderClientOptions {
  readonly provider: IdentityProvider;
  readonly secretOf: () => string | undefined;
  readonly fetchFromProviders: typeof fetch;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Clocks that differ by this much are no reason to refuse. */
const clockToleranceSeconds = 30;

/**
 * Builds a client of an OpenID provider: authorization code with PKCE, `state` and `nonce`. The ID token alone says who is
 * there; it is verified with the keys of the issuer, for its `iss`, `aud`, `azp`, `nonce` and times.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation OpenID Connect Core, 3.1.3.7}
 */
export function createOidcClient(options: ProviderClientOptions): ProviderClient {
  const { provider } = options;
  const fetchFrom = createProviderFetch(provider.issuer, options.fetchFromProviders);
  const discovered = createDiscoveredIssuer({ ...options, fetchFrom });
  const verifyLogoutToken = createLogoutTokenVerifier(fetchFrom, options.now);
  return {
    provider,
    async authorizationUrl({ redirectUri, state, nonce, codeChallenge, isFresh }) {
      const { responseMode, acrValues } = provider;
      return client.buildAuthorizationUrl(await discovered(), {
        redirect_uri: redirectUri,
        response_type: 'code',
        // Who only confirms to be there consents to nothing anew.
        scope: isFresh ? provider.scopes.join(' ') : scopesOf(provider),
        state,
        nonce,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
        ...(responseMode === 'query' ? {} : { response_mode: responseMode }),
        ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
        ...(isFresh ? freshSignIn : offlineParametersOf(provider)),
      });
    },
    async redeem({ parameters, redirectUri, state, nonce, codeVerifier, isFresh, begunAt }) {
      const configuration = await discovered();
      requireIssuerOfAnswer(parameters, configuration);
      const answered = new URL(redirectUri);
      answered.search = parameters.toString();
      let tokens;
      let claims;
      try {
        tokens = await client.authorizationCodeGrant(configuration, answered, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        claims = await withUserInfo(configuration, tokens);
      } catch (error) {
        throw toProviderRefusal(error);
      }
      if (claims === undefined) throw refuse('id-token-missing');
      const proof = toExternalProof({ ...claims, name: claims['name'] ?? nameOfApple(provider, parameters) }, provider);
      if (isFresh && !isSignedInSince(proof.authTime, begunAt)) throw refuse('sign-in-not-fresh');
      const isKept = provider.keepTokens !== undefined && !isFresh;
      return isKept ? { ...proof, tokens: toProviderTokens(tokens, options.now()) } : proof;
    },
    async refresh(refreshToken, subject) {
      const configuration = await discovered();
      let tokens;
      try {
        tokens = await client.refreshTokenGrant(configuration, refreshToken);
      } catch (error) {
        throw toRefreshRefusal(error);
      }
      const claims = tokens.claims();
      if (claims !== undefined && claims.sub !== subject) throw refuse('refresh-refused');
      return toProviderTokens(tokens, options.now());
    },
    async revoke({ accessToken, refreshToken }) {
      const configuration = await discovered();
      if (configuration.serverMetadata().revocation_endpoint === undefined) return false;
      try {
        // RFC 7009, section 2.1: a refresh token takes the access tokens of its grant with it.
        if (refreshToken === undefined) await client.tokenRevocation(configuration, accessToken);
        else await client.tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' });
      } catch (error) {
        throw toRefreshRefusal(error);
      }
      return true;
    },
    // The large ones have no back-channel logout, and no issuer of theirs is that of one tenant for certain.
    ...(provider.kind === 'oidc'
      ? {
          async verifyLogoutToken(token: string) {
            const { issuer, jwks_uri: jwksUri = '' } = (await discovered()).serverMetadata();
            return verifyLogoutToken(token, { issuer, jwksUri, clientId: provider.clientId });
          },
        }
      : {}),
  };
}

/**
 * The claims of the ID token, and where they have no address, what the UserInfo endpoint says of the person: providers may
 * keep the claims of scopes to it (OpenID Connect Core, 5.4). An answer about another subject is refused.
 */
async function withUserInfo(
  configuration: client.Configuration,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): Promise<client.IDToken | undefined> {
  const claims = tokens.claims();
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  if (claims === undefined || claims['email'] !== undefined || endpoint === undefined) return claims;
  try {
    const { email, email_verified, name } = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    return { ...claims, email, email_verified, name: claims['name'] ?? name };
  } catch (error) {
    const isOfAnother = causesOf(error).some(
      (cause) => 'code' in cause && cause.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
    );
    throw isOfAnother ? refuse('userinfo-sub-wrong') : error;
  }
}

/** OpenID Connect Core, 3.1.2.1: with `max_age` the answer has to say when the user signed in. */
const freshSignIn = {
  prompt: 'login',
  max_age: '0',
  // Google says it to those who ask for the claim.
  claims: JSON.stringify({ id_token: { auth_time: { essential: true } } }),
};

function isSignedInSince(authTime: Date | undefined, begunAt: Date): boolean {
  return authTime !== undefined && authTime.getTime() >= begunAt.getTime() - clockToleranceSeconds * 1000;
}

/** RFC 9207: an answer of another issuer is not redeemed at this one (mix-up). Looked at before the code is sent anywhere. */
function requireIssuerOfAnswer(parameters: URLSearchParams, configuration: client.Configuration): void {
  const { issuer, authorization_response_iss_parameter_supported: isAnnounced } = configuration.serverMetadata();
  const said = parameters.get('iss');
  if (said === null) {
    if (isAnnounced === true) throw refuse('response-iss-missing');
    return;
  }
  if (said !== issuer) throw refuse('response-iss-wrong');
}

/**
 * Apple posts the name at the first sign-in alone, beside the code and signed by nothing: good for a name that the user may
 * change, and for nothing else.
 */
function nameOfApple({ kind }: IdentityProvider, parameters: URLSearchParams): string | undefined {
  const text = kind === 'apple' ? parameters.get('user') : null;
  if (text === null) return undefined;
  try {
    const { name } = JSON.parse(text) as {
      readonly name?: { readonly firstName?: unknown; readonly lastName?: unknown };
    };
    const parts = [name?.firstName, name?.lastName].filter((part) => typeof part === 'string');
    return parts.length === 0 ? undefined : parts.join(' ');
  } catch {
    return undefined;
  }
}
