import type { AdapterPayload } from 'oidc-provider';
import { isLoopbackHost } from '@sallyport/core';
import { toCertificateMetadata } from '../clients/certificate-name.ts';
import {
  oidcScopes,
  permissionsOfClient,
  usesSecret,
  type ClientTrust,
  type OAuthClient,
} from '../clients/oauth-client.ts';

/** What we know of a client beside what the library knows of it. */
export const ownClientMetadata = ['trust', 'resources', 'serves', 'permissions'] as const;

/** A client of the library, with what is ours of it. */
export interface OwnClient {
  readonly trust: ClientTrust;
  readonly resources: readonly string[];
  readonly serves: readonly string[];
  readonly permissions: readonly string[];
}

/** Stands for the secret, which is compared with its HMAC by us: the library wants one to be there. */
const noSecret = 'none-that-is-known-here';

/** Says what a registered client is in the words of the library (RFC 7591, section 2). */
export function toClientMetadata(client: OAuthClient): AdapterPayload & OwnClient {
  const { id, name, trust, authentication, grantTypes, redirectUris, postLogoutRedirectUris, scopes, resources } =
    client;
  const { jwks, jwksUri, homepage, logoUri, certificateName } = client;
  return {
    client_id: id,
    client_name: name,
    token_endpoint_auth_method: authentication,
    ...(usesSecret(client) ? { client_secret: noSecret } : {}),
    application_type: isNative(client) ? 'native' : 'web',
    grant_types: [...grantTypes],
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...postLogoutRedirectUris],
    // Of a client that may have none, so that an empty text does not stand for all of them.
    scope: scopes.filter((scope) => oidcScopes.some((known) => known === scope)).join(' ') || 'openid',
    ...(jwks === undefined ? {} : { jwks: { keys: jwks.keys.map((key) => ({ ...key })) } }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(homepage === undefined ? {} : { client_uri: homepage }),
    ...(logoUri === undefined ? {} : { logo_uri: logoUri }),
    dpop_bound_access_tokens: client.dpop === 'required',
    require_pushed_authorization_requests: client.requirePushedRequests,
    tls_client_certificate_bound_access_tokens: client.certificateBoundTokens,
    ...(certificateName === undefined ? {} : toCertificateMetadata(certificateName)),
    trust,
    resources: [...resources],
    serves: [...client.serves],
    permissions: [...permissionsOfClient(client)],
  };
}

/**
 * An app on the device of its user (RFC 8252): of a loopback address any port is its own. The document of a client is the same
 * for its program on a device and its site.
 */
function isNative({ redirectUris, authentication, document }: OAuthClient): boolean {
  const isOnDevice = (uri: string): boolean => {
    const { protocol, hostname } = new URL(uri);
    return protocol === 'http:' ? isLoopbackHost(hostname) : protocol !== 'https:';
  };
  if (document !== undefined) return redirectUris.some(isOnDevice);
  if (authentication !== 'none' || redirectUris.length === 0) return false;
  return redirectUris.every(isOnDevice);
}
