import type { FieldError } from '@sallyport/core';
import type { JudgeHost } from '../outbound/public-hosts.ts';
import { isPrivateUseScheme } from './client-uris.ts';
import {
  hasUsers,
  permissionsOfClient,
  tokenExchangeGrant,
  usesSecret,
  type ClientRegistration,
} from './oauth-client.ts';

export interface ClientRules {
  /** Every permission of the policy. */
  readonly permissions: readonly string[];
  /** Whether a listener takes client certificates. */
  readonly takesCertificates: boolean;
  /** Of this server: what is there is no resource of a client. */
  readonly publicOrigin: string;
  /** Whether this server may call a host. */
  readonly judgeHost: JudgeHost;
}

const withoutListener = 'needs the listener for certificates: configure "mtls" first';

/** Finds what is wrong with fields of a client beside each other, by field and never by value. */
export function problemsOfClient(client: ClientRegistration, rules: ClientRules): readonly FieldError[] {
  return [
    ...problemsOfGrants(client),
    ...problemsOfKind(client),
    ...problemsOfAuthentication(client),
    ...problemsOfBinding(client, rules),
    ...problemsOfScopes(client, rules),
    ...problemsOfServed(client, rules),
    ...problemsOfCalledAddresses(client, rules),
  ];
}

function problemsOfGrants(client: ClientRegistration): readonly FieldError[] {
  const { grantTypes, authentication, redirectUris, postLogoutRedirectUris, scopes, backchannelLogoutUri } = client;
  const hasCode = grantTypes.includes('authorization_code');
  const hasRefresh = grantTypes.includes('refresh_token');
  const forCodeAlone = 'is for clients with the grant type "authorization_code"';
  return listProblems([
    [
      grantTypes.includes('client_credentials') && authentication === 'none',
      'grantTypes',
      'has "client_credentials", for which the client has to prove itself: choose another "authentication" than "none"',
    ],
    [
      grantTypes.includes(tokenExchangeGrant) && authentication === 'none',
      'grantTypes',
      'has "token_exchange", for which the client has to prove itself: choose another "authentication" than "none"',
    ],
    [
      hasRefresh && !hasUsers(client),
      'grantTypes',
      'has "refresh_token", which follows from "authorization_code" or "device_code" alone',
    ],
    [
      hasRefresh !== scopes.includes('offline_access'),
      'grantTypes',
      'needs "refresh_token" together with the scope "offline_access", or neither',
    ],
    [hasCode && redirectUris.length === 0, 'redirectUris', 'must name an address for "authorization_code"'],
    [!hasCode && redirectUris.length > 0, 'redirectUris', forCodeAlone],
    [!hasCode && postLogoutRedirectUris.length > 0, 'postLogoutRedirectUris', forCodeAlone],
    [!hasCode && backchannelLogoutUri !== undefined, 'backchannelLogoutUri', forCodeAlone],
  ]);
}

/** What the product's own is asked for no consent, and what acts by itself must be. */
function problemsOfKind({ kind, trust }: ClientRegistration): readonly FieldError[] {
  return listProblems([
    [kind === 'agent' && trust === 'first-party', 'kind', 'must be "application" for a first-party client'],
  ]);
}

function problemsOfAuthentication(client: ClientRegistration): readonly FieldError[] {
  const { authentication, jwks, jwksUri, redirectUris, postLogoutRedirectUris } = client;
  const usesKeys = authentication === 'private_key_jwt';
  const uris = [...redirectUris, ...postLogoutRedirectUris];
  const isOfApp = uris.some((uri) => isPrivateUseScheme(new URL(uri).protocol));
  return listProblems([
    [usesKeys && jwks === undefined && jwksUri === undefined, 'jwks', 'or "jwksUri" is needed for "private_key_jwt"'],
    [jwks !== undefined && jwksUri !== undefined, 'jwksUri', 'must not be given beside "jwks"'],
    [!usesKeys && jwks !== undefined, 'jwks', 'is for "private_key_jwt"'],
    [!usesKeys && jwksUri !== undefined, 'jwksUri', 'is for "private_key_jwt"'],
    // An app on the devices of others keeps no secret from them (RFC 8252, section 8.5).
    [
      usesSecret(client) && isOfApp,
      'authentication',
      'must be "none" for an app with an address of a scheme of its own',
    ],
  ]);
}

function problemsOfBinding(client: ClientRegistration, { takesCertificates }: ClientRules): readonly FieldError[] {
  const { authentication, certificateName, certificateBoundTokens, dpop, grantTypes, requirePushedRequests } = client;
  const isByCertificate = authentication === 'tls_client_auth';
  return listProblems([
    [isByCertificate && certificateName === undefined, 'certificateName', 'is needed for "tls_client_auth"'],
    [!isByCertificate && certificateName !== undefined, 'certificateName', 'is for "tls_client_auth"'],
    [isByCertificate && !takesCertificates, 'authentication', withoutListener],
    [certificateBoundTokens && !takesCertificates, 'certificateBoundTokens', withoutListener],
    [
      certificateBoundTokens && dpop === 'required',
      'certificateBoundTokens',
      'must not be given beside "dpop": "required": a token is bound to one of the two',
    ],
    [
      requirePushedRequests && !grantTypes.includes('authorization_code'),
      'requirePushedRequests',
      'is for clients with the grant type "authorization_code"',
    ],
  ]);
}

function problemsOfScopes(client: ClientRegistration, { permissions }: ClientRules): readonly FieldError[] {
  const { scopes } = client;
  const hasSignIns = hasUsers(client);
  const oidc = scopes.filter((scope) => !permissionsOfClient(client).includes(scope));
  const isUnknown = permissionsOfClient(client).some((permission) => !permissions.includes(permission));
  return listProblems([
    [isUnknown, 'scopes', 'names a permission that the policy does not have'],
    [!hasSignIns && oidc.length > 0, 'scopes', 'names what is about users, and "client_credentials" has none'],
    [
      hasSignIns && oidc.length > 0 && !oidc.includes('openid'),
      'scopes',
      'needs "openid" beside "profile", "email" and "offline_access"',
    ],
    [
      client.backchannelLogoutUri !== undefined && !oidc.includes('openid'),
      'backchannelLogoutUri',
      'needs the scope "openid"',
    ],
  ]);
}

/** What is presented to this server itself is handed to no client, which could only have stolen it. */
function problemsOfServed(
  { serves, grantTypes }: ClientRegistration,
  { publicOrigin }: ClientRules,
): readonly FieldError[] {
  return listProblems([
    [serves.length > 0 && !grantTypes.includes(tokenExchangeGrant), 'serves', 'is for the grant type "token_exchange"'],
    [serves.some((each) => URL.parse(each)?.origin === publicOrigin), 'serves', 'names an address of this server'],
  ]);
}

function problemsOfCalledAddresses(client: ClientRegistration, { judgeHost }: ClientRules): readonly FieldError[] {
  const isRefused = (uri: string | undefined) => uri !== undefined && judgeHost(new URL(uri)) !== undefined;
  const problem = 'is at a host that this server does not call: list it in "oauthProvider.privateHosts" first';
  return listProblems([
    [isRefused(client.backchannelLogoutUri), 'backchannelLogoutUri', problem],
    [isRefused(client.jwksUri), 'jwksUri', problem],
  ]);
}

function listProblems(rules: readonly (readonly [boolean, string, string])[]): readonly FieldError[] {
  return rules.flatMap(([isBroken, field, message]) => (isBroken ? [{ field, message }] : []));
}
