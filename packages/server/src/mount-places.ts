import { protectedResourcePath, sharedAssetsPath, type Policy, type Route } from '@sallyport/core';
import {
  brandPlace,
  introspectionPlace,
  messageTokensPlace,
  protectedResourcePlace,
  providerTokensPlace,
  sessionEventsPlace,
  sessionExtensionPlace,
  tokenRevocationPlace,
} from '@sallyport/gateway';
import { assetsPath } from '@sallyport/pages';

/** Where identity is mounted in the gateway. */
export const identityPlace = { name: 'auth', prefix: '/auth', access: 'optional', slide: false } as const;

/**
 * Where programs, and scripts of other sites, get tokens. They present what they have in the body: no session is looked at,
 * and none is begun.
 */
export const tokensPlace = { name: 'auth-token', prefix: '/auth/token', access: 'public', slide: false } as const;

/**
 * Where identity providers lead browsers back to, some of them by a form that is posted from their own site. No session is
 * looked at; what belongs to the browser is in the cookie of its flow.
 */
export const providerCallbackPlace = {
  name: 'auth-callback',
  prefix: '/auth/callback',
  access: 'public',
  slide: false,
} as const;

/** Where clients begin sign-ins with identity providers whose code they bring themselves. No session is looked at. */
export const providerFlowsPlace = {
  name: 'auth-provider-flows',
  prefix: '/auth/provider-flows',
  access: 'public',
  slide: false,
} as const;

/**
 * Where people see their devices and end them, also from a program that presents its access token. Mounted where there are
 * such tokens: elsewhere it is a path of identity like the others.
 */
export function devicesPlaceOf({ accessTokens }: NonNullable<MountSections['firstPartyTokens']>) {
  const credentials = ['session', accessTokens === 'opaque' ? 'opaque' : 'bearer'] as const;
  return { name: 'auth-sessions', prefix: '/auth/sessions', access: 'signed-in', credentials, slide: false } as const;
}

/**
 * Where people turn to an organization and look after it, also from a program that presents its access token. Mounted where
 * there are such tokens, and organizations: elsewhere it is a path of identity like the others.
 */
export function organizationsPlaceOf({ accessTokens }: NonNullable<MountSections['firstPartyTokens']>) {
  const credentials = ['session', accessTokens === 'opaque' ? 'opaque' : 'bearer'] as const;
  const prefix = '/auth/organizations';
  return { name: 'auth-organizations', prefix, access: 'optional', credentials, slide: false } as const;
}

/** Where the files of the built-in pages are. */
export const pageAssetsPlace = { name: 'auth-assets', prefix: assetsPath, access: 'public', slide: false } as const;

/** Where password managers look for the page that changes a password. */
export const changePasswordPlace = {
  name: 'change-password',
  prefix: '/.well-known/change-password',
  access: 'public',
  slide: false,
} as const;

/** Where people look who found a weakness. Mounted where it is configured. */
export const securityTxtPlace = {
  name: 'security-txt',
  prefix: '/.well-known/security.txt',
  access: 'public',
  slide: false,
} as const;

/** Where the assets are that zones share. */
export const sharedAssetsPlace = {
  name: 'shared-assets',
  prefix: sharedAssetsPath,
  access: 'public',
  slide: false,
} as const;

/** Where servers manage users, with API keys of service accounts. Mounted where it is configured. */
export const manageUsersPlace = {
  name: 'manage-users',
  prefix: '/manage/users',
  access: 'service',
  credentials: ['api-key'],
  slide: false,
} as const;

/** Where servers edit roles, as above. Mounted with it. */
export const manageRolesPlace = {
  name: 'manage-roles',
  prefix: '/manage/roles',
  access: 'service',
  credentials: ['api-key'],
  slide: false,
} as const;

/** Where servers manage OAuth clients, as above. Mounted where it is configured. */
export const manageClientsPlace = {
  name: 'manage-oauth-clients',
  prefix: '/manage/oauth-clients',
  access: 'service',
  credentials: ['api-key'],
  slide: false,
} as const;

/** Where OAuth clients send browsers, and where these come back. Mounted with the provider, as all below. */
export const oauthAuthorizePlace = {
  name: 'oauth-authorize',
  prefix: '/oauth2/auth',
  access: 'optional',
  slide: false,
} as const;

/** Where OAuth clients send browsers to sign out. */
export const oauthSignOutPlace = {
  name: 'oauth-sign-out',
  prefix: '/oauth2/session/end',
  access: 'optional',
  slide: false,
} as const;

/** Where OAuth clients leave authorization requests, before they send a browser (RFC 9126). */
export const oauthPushedRequestPlace = {
  name: 'oauth-par',
  prefix: '/oauth2/par',
  access: 'public',
  slide: false,
} as const;

/** Where OAuth clients get tokens. They present themselves in the request: no session is looked at. */
export const oauthTokenPlace = {
  name: 'oauth-token',
  prefix: '/oauth2/token',
  access: 'public',
  slide: false,
} as const;

/** Where devices get the codes that their users enter elsewhere. They present their client in the request. */
export const oauthDevicePlace = {
  name: 'oauth-device',
  prefix: '/oauth2/device',
  access: 'public',
  slide: false,
} as const;

/** Where OAuth clients ask about users. */
export const oauthUserinfoPlace = {
  name: 'oauth-userinfo',
  prefix: '/oauth2/userinfo',
  access: 'public',
  slide: false,
} as const;

/** Where OAuth clients find everything else. */
export const oauthDocumentPlaces = [
  {
    name: 'openid-configuration',
    prefix: '/.well-known/openid-configuration',
    access: 'public',
    slide: false,
  },
  {
    name: 'oauth-authorization-server',
    prefix: '/.well-known/oauth-authorization-server',
    access: 'public',
    slide: false,
  },
] as const;

/** The keys of the provider. */
export const oauthKeysPlace = {
  name: 'oauth-keys',
  prefix: '/.well-known/jwks.json',
  access: 'public',
  slide: false,
} as const;

/** Everything of the provider but what it shares with introspection. */
const oauthPlaces = [
  oauthAuthorizePlace,
  oauthSignOutPlace,
  oauthPushedRequestPlace,
  oauthTokenPlace,
  oauthDevicePlace,
  oauthUserinfoPlace,
  ...oauthDocumentPlaces,
  oauthKeysPlace,
] as const;

/** All that every gateway mounts beside the routes of the configuration, whose names and prefixes must be others. */
export const mountPlaces = [
  identityPlace,
  tokensPlace,
  providerCallbackPlace,
  providerFlowsPlace,
  brandPlace,
  pageAssetsPlace,
  changePasswordPlace,
  sharedAssetsPlace,
  sessionEventsPlace,
  sessionExtensionPlace,
] as const;

/** The part of a configuration that asks for mounts. */
export interface MountSections {
  readonly routes: readonly Pick<Route, 'name' | 'prefix' | 'mcp'>[];
  readonly firstPartyTokens?: { readonly accessTokens: 'jwt' | 'opaque' } | undefined;
  readonly policy: Pick<Policy, 'organizationRoles'>;
  readonly securityTxt?: unknown;
  readonly introspection?: unknown;
  readonly administration: { readonly usersApi?: unknown };
  readonly oauthProvider?: { readonly clients: { readonly api?: unknown } } | undefined;
}

/** Whether programs with access tokens turn to organizations, too. */
export function hasOrganizationsOfPrograms({
  firstPartyTokens,
  policy,
}: Pick<MountSections, 'firstPartyTokens' | 'policy'>): boolean {
  return firstPartyTokens !== undefined && Object.keys(policy.organizationRoles ?? {}).length > 0;
}

/** The mounts of a configuration. */
export function mountPlacesOf(sections: MountSections) {
  const { routes, firstPartyTokens, securityTxt, introspection, administration, oauthProvider } = sections;
  return [
    ...mountPlaces,
    // At the internal listener alone: what is in front of the gateway sends nothing there.
    providerTokensPlace,
    messageTokensPlace,
    ...(firstPartyTokens === undefined ? [] : [devicesPlaceOf(firstPartyTokens)]),
    ...(firstPartyTokens !== undefined && hasOrganizationsOfPrograms(sections)
      ? [organizationsPlaceOf(firstPartyTokens)]
      : []),
    ...(securityTxt === undefined ? [] : [securityTxtPlace]),
    ...(introspection === undefined && oauthProvider === undefined ? [] : [introspectionPlace, tokenRevocationPlace]),
    ...(oauthProvider === undefined ? [] : oauthPlaces),
    ...(administration.usersApi === undefined ? [] : [manageUsersPlace, manageRolesPlace]),
    ...(oauthProvider?.clients.api === undefined ? [] : [manageClientsPlace]),
    ...routes.flatMap(({ name, prefix, mcp }) =>
      mcp === undefined ? [] : [protectedResourcePlace(name, protectedResourcePath + prefix)],
    ),
  ];
}
