import type { AssuranceLevel, OfferedProvider } from '@sallyport/core';
import type { ProviderSettings } from './provider-config.ts';

/** How this product proves itself to a provider. */
export type ClientAuthentication =
  | { readonly kind: 'client_secret_basic' }
  | { readonly kind: 'client_secret_post' }
  | { readonly kind: 'none' }
  | { readonly kind: 'private_key_jwt'; readonly keyId: string | undefined }
  | { readonly kind: 'apple'; readonly teamId: string; readonly keyId: string };

/** What is kept of the tokens of a provider. */
export interface KeepTokens {
  readonly scopes: readonly string[];
  readonly offline: boolean;
  readonly revokeOnBan: boolean;
}

/** An identity provider, as the configuration describes it: what all of them have in common. */
export interface IdentityProvider extends OfferedProvider {
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /** Issuer of its discovery document; for GitHub, which has none, its origin. */
  readonly issuer: string;
  readonly scopes: readonly string[];
  /** Apple posts its answer from its own site where it is asked for a name or an address. */
  readonly responseMode: 'query' | 'form_post';
  readonly signUp: boolean;
  readonly trustedEmailDomains: '*' | readonly string[];
  readonly acrValues: readonly string[];
  readonly trustAcr: Readonly<Record<string, AssuranceLevel>>;
  readonly countCallbackAsSignIn: boolean;
  /** Where clients take codes that they bring themselves. */
  readonly redirectUris: readonly string[];
  /** What is kept to act there for users; `undefined` where nothing is. */
  readonly keepTokens?: KeepTokens | undefined;
}

/** A provider decides about addresses of its own domains alone; of others it once saw a proof, and they change hands. */
const googleDomains = ['gmail.com', 'googlemail.com'];
const appleDomains = ['icloud.com', 'me.com', 'mac.com', 'privaterelay.appleid.com'];
const usualScopes = ['openid', 'profile', 'email'];
const post = { kind: 'client_secret_post' } as const;

/** The providers of a section, in the order in which they are shown. */
export function identityProvidersOf(settings: ProviderSettings): readonly IdentityProvider[] {
  const { google, microsoft, apple, github, oidc } = settings;
  const query = { responseMode: 'query', scopes: usualScopes } as const;
  return [
    ...(google === undefined
      ? []
      : [
          {
            ...query,
            ...google,
            id: 'google',
            name: 'Google',
            kind: 'google',
            issuer: 'https://accounts.google.com',
            clientAuthentication: post,
            trustedEmailDomains: google.trustedEmailDomains ?? googleDomains,
          } as const,
        ]),
    ...(microsoft === undefined
      ? []
      : [
          {
            ...query,
            ...microsoft,
            id: 'microsoft',
            name: 'Microsoft',
            kind: 'microsoft',
            issuer: `https://login.microsoftonline.com/${microsoft.tenant}/v2.0`,
            clientAuthentication: post,
            // Administrators of any tenant write what they like into the address of an account.
            trustedEmailDomains: microsoft.trustedEmailDomains ?? [],
          } as const,
        ]),
    ...(apple === undefined
      ? []
      : [
          {
            ...apple,
            id: 'apple',
            name: 'Apple',
            kind: 'apple',
            issuer: 'https://appleid.apple.com',
            responseMode: 'form_post',
            scopes: ['openid', 'name', 'email'],
            clientAuthentication: { kind: 'apple', teamId: apple.teamId, keyId: apple.keyId },
            trustedEmailDomains: apple.trustedEmailDomains ?? appleDomains,
          } as const,
        ]),
    ...(github === undefined
      ? []
      : [
          {
            ...github,
            id: 'github',
            name: 'GitHub',
            kind: 'github',
            issuer: new URL(github.origin).origin,
            responseMode: 'query',
            scopes: ['read:user', 'user:email'],
            clientAuthentication: post,
            trustedEmailDomains: github.trustedEmailDomains ?? [],
          } as const,
        ]),
    ...Object.entries(oidc).map(
      ([id, { keyId, clientAuthentication, ...rest }]) =>
        ({
          ...rest,
          id,
          kind: 'oidc',
          responseMode: 'query',
          clientAuthentication:
            clientAuthentication === 'private_key_jwt'
              ? { kind: clientAuthentication, keyId }
              : { kind: clientAuthentication },
          trustedEmailDomains: rest.trustedEmailDomains ?? [],
        }) as const,
    ),
  ];
}

/** What others are shown of a provider. */
export function toOfferedProvider({ id, name, kind }: OfferedProvider): OfferedProvider {
  return { id, name, kind };
}

/** Names of the providers that this product proves itself to with a secret, or with a private key. */
export function providersWithSecret(settings: ProviderSettings | undefined): readonly string[] {
  const providers = settings === undefined ? [] : identityProvidersOf(settings);
  return providers.flatMap(({ id, clientAuthentication }) => (clientAuthentication.kind === 'none' ? [] : id));
}

/** Names of the providers whose tokens are kept for services. */
export function providersWithKeptTokens(settings: ProviderSettings | undefined): readonly string[] {
  const providers = settings === undefined ? [] : identityProvidersOf(settings);
  return providers.flatMap(({ id, keepTokens }) => (keepTokens === undefined ? [] : id));
}
