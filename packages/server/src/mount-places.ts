import { sharedAssetsPath } from '@sallyport/core';
import {
  brandPlace,
  introspectionPlace,
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

/** Where servers manage OAuth clients, as above. Mounted where it is configured. */
export const manageClientsPlace = {
  name: 'manage-oauth-clients',
  prefix: '/manage/oauth-clients',
  access: 'service',
  credentials: ['api-key'],
  slide: false,
} as const;

/** All that every gateway mounts beside the routes of the configuration, whose names and prefixes must be others. */
export const mountPlaces = [
  identityPlace,
  tokensPlace,
  brandPlace,
  pageAssetsPlace,
  changePasswordPlace,
  sharedAssetsPlace,
  sessionEventsPlace,
  sessionExtensionPlace,
] as const;

/** The part of a configuration that asks for mounts. */
export interface MountSections {
  readonly securityTxt?: unknown;
  readonly introspection?: unknown;
  readonly administration: { readonly usersApi?: unknown };
  readonly oauthProvider?: { readonly clients: { readonly api?: unknown } } | undefined;
}

/** The mounts of a configuration. */
export function mountPlacesOf({ securityTxt, introspection, administration, oauthProvider }: MountSections) {
  return [
    ...mountPlaces,
    ...(securityTxt === undefined ? [] : [securityTxtPlace]),
    ...(introspection === undefined ? [] : [introspectionPlace, tokenRevocationPlace]),
    ...(administration.usersApi === undefined ? [] : [manageUsersPlace]),
    ...(oauthProvider?.clients.api === undefined ? [] : [manageClientsPlace]),
  ];
}
