export {
  createOAuthOperatorServices,
  oauthFeatures,
  type OAuthOperatorServices,
  type OAuthSections,
  type OAuthServices,
} from './features.ts';
export { findOverdueLogouts, type OverdueLogouts } from './backchannel-logout/overdue-logouts.ts';
export type { OAuthProviderEndpoints } from './provider/build-provider.ts';
export type { ShowView } from './provider/oauth-provider.ts';
export { providerRoutes } from './provider/provider-configuration.ts';
export type { ProviderView } from './provider/provider-views.ts';
export { grantTypes } from './clients/oauth-client.ts';
