import type { IdentityProvider } from '../identity-provider.ts';

/** What a provider is asked for: for the sign-in, and for services that act there for its users. */
export function scopesOf({ kind, scopes, keepTokens }: IdentityProvider): string {
  if (keepTokens === undefined) return scopes.join(' ');
  // OpenID Connect Core, section 11. Google has a parameter for it, Apple needs none, and GitHub has no refresh tokens.
  const offline = keepTokens.offline && (kind === 'oidc' || kind === 'microsoft') ? ['offline_access'] : [];
  return [...new Set([...scopes, ...keepTokens.scopes, ...offline])].join(' ');
}

/**
 * What else is needed for a refresh token. Google gives one at a consent alone, and section 11 of OpenID Connect Core has
 * providers ignore `offline_access` where the user is not asked.
 */
export function offlineParametersOf({ kind, keepTokens }: IdentityProvider): Readonly<Record<string, string>> {
  if (keepTokens?.offline !== true) return {};
  if (kind === 'google') return { access_type: 'offline', prompt: 'consent' };
  return kind === 'oidc' ? { prompt: 'consent' } : {};
}
