/** Who stands behind a client: a first-party one is the product's own and asks for no consent. */
export const clientTrusts = ['first-party', 'third-party'] as const;
export type ClientTrust = (typeof clientTrusts)[number];

/** What a client is to its users: an agent acts for them by itself, and is listed beside their sessions. */
export const clientKinds = ['application', 'agent'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** How a client proves at the token endpoint who it is (RFC 7591, section 2, and OpenID Connect Core, section 9). */
export const clientAuthentications = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  /** By the certificate of its connection (RFC 8705, section 2.1). */
  'tls_client_auth',
] as const;
export type ClientAuthentication = (typeof clientAuthentications)[number];

/** The grant type of devices (RFC 8628, section 3.4). */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** The grant type of token exchange (RFC 8693, section 2.1). */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The grant types that clients may be registered for (RFC 6749, RFC 7591, section 2). */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  deviceCodeGrant,
  tokenExchangeGrant,
] as const;
export type GrantType = (typeof grantTypes)[number];

/** What administrators may write in place of a long name. Stored and shown to programs is the long one. */
export const shortGrantTypes = {
  device_code: deviceCodeGrant,
  token_exchange: tokenExchangeGrant,
} as const satisfies Readonly<Record<string, GrantType>>;

/**
 * Whether the tokens of a client are always bound to a key of its own (RFC 9449, section 5.2), or where it sends a proof of
 * that key.
 */
export const dpopDemands = ['optional', 'required'] as const;
export type DpopDemand = (typeof dpopDemands)[number];

/** The scopes of OpenID Connect (Core, sections 5.4 and 11). All others are permissions of the policy. */
export const oidcScopes = ['openid', 'profile', 'email', 'offline_access'] as const;

/** A public key of a client, as it is registered (RFC 7517). */
export type ClientKey = Readonly<Record<string, string | readonly string[]>>;

/** The public keys with which a client signs its assertions (RFC 7523). */
export interface ClientKeySet {
  readonly keys: readonly ClientKey[];
}

/** What an administrator says of a client. */
export interface ClientRegistration {
  /** As people read it where they are asked for consent. */
  readonly name: string;
  readonly trust: ClientTrust;
  readonly kind: ClientKind;
  readonly authentication: ClientAuthentication;
  readonly grantTypes: readonly GrantType[];
  /** Compared as they are, character by character. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Scopes of OpenID Connect, and permissions of the policy. */
  readonly scopes: readonly string[];
  /** What its access tokens may be for (RFC 8707). */
  readonly resources: readonly string[];
  /** Resources that it is itself: access tokens for them it may exchange (RFC 8693). */
  readonly serves: readonly string[];
  /** Where it is told that a sign-in is over (OpenID Connect Back-Channel Logout 1.0, section 2.2). */
  readonly backchannelLogoutUri?: string | undefined;
  readonly jwks?: ClientKeySet | undefined;
  readonly jwksUri?: string | undefined;
  readonly homepage?: string | undefined;
  readonly logoUri?: string | undefined;
  readonly dpop: DpopDemand;
  /** Whether its authorization requests have to be pushed (RFC 9126, section 6). */
  readonly requirePushedRequests: boolean;
  /** Whether its access tokens are bound to the certificate of the connection on which it gets them (RFC 8705, section 3). */
  readonly certificateBoundTokens: boolean;
  /** The name in its certificate, for `tls_client_auth`: `uri:spiffe://acme/billing`. */
  readonly certificateName?: string | undefined;
}

/** What is kept of the secret of a client: nothing that could be presented. */
export interface ClientSecretState {
  /** The beginning of the secret, to tell secrets apart. */
  readonly hint: string;
  readonly createdAt: Date;
  /** Until when the secret before works beside it; `null` when there is none. */
  readonly previousUntil: Date | null;
}

/** The metadata document of a client without a registration. */
export interface ClientDocumentState {
  /** The host that serves it: the only thing about the client that is proved. */
  readonly host: string;
  /** What the client calls itself; absent where it says nothing, and where the document was not read. */
  readonly claimedName?: string;
}

/** An OAuth client, as it is registered or as its metadata document says. */
export interface OAuthClient extends ClientRegistration {
  /** `client_id`. */
  readonly id: string;
  /** Absent for a client that is registered. */
  readonly document?: ClientDocumentState;
  /** Grows with every change. */
  readonly generation: number;
  /** `null` for a client that has none. */
  readonly secret: ClientSecretState | null;
  /** Since when it may do nothing; absent while it may. */
  readonly disabledAt?: Date;
  /** When it was disabled last: what was issued to it up to then is worth nothing, also after it was enabled again. */
  readonly tokensSince?: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Whether the client acts for its users by itself: services are told of it as of the actor. */
export function isAgent({ kind }: Pick<OAuthClient, 'kind'>): boolean {
  return kind === 'agent';
}

/** Whether the client proves itself with a secret of ours. */
export function usesSecret({ authentication }: Pick<ClientRegistration, 'authentication'>): boolean {
  return authentication === 'client_secret_basic' || authentication === 'client_secret_post';
}

/**
 * Whether a token counts as one from before its client was disabled. Times in tokens are whole seconds: one of the second in
 * which that happened does.
 *
 * @param issuedAt `iat`, in seconds since 1970.
 */
export function isFromBeforeDisabling({ tokensSince }: Pick<OAuthClient, 'tokensSince'>, issuedAt: number): boolean {
  return tokensSince !== undefined && issuedAt <= Math.floor(tokensSince.getTime() / 1000);
}

/** The permissions among the scopes of a client: what its tokens can carry at most. */
export function permissionsOfClient({ scopes }: Pick<ClientRegistration, 'scopes'>): readonly string[] {
  return scopes.filter((scope) => !isOidcScope(scope));
}

/** The name of a grant type as administrators write it. */
export function toShortGrantType(grantType: GrantType): string {
  return Object.entries(shortGrantTypes).find(([, long]) => long === grantType)?.[0] ?? grantType;
}

/** Whether people sign in to the client. */
export function hasUsers({ grantTypes: types }: Pick<ClientRegistration, 'grantTypes'>): boolean {
  return types.includes('authorization_code') || types.includes(deviceCodeGrant);
}

/** Whether a scope is one of OpenID Connect. */
export function isOidcScope(scope: string): boolean {
  return oidcScopes.some((known) => known === scope);
}
