export { oauthFeatures, type OAuthSections } from './features.ts';

/** The grant types that clients of the provider may be registered for (RFC 6749, RFC 7591 section 2). */
export const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
