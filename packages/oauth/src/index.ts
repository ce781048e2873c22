export {
  createOAuthOperatorServices,
  oauthFeatures,
  type OAuthOperatorServices,
  type OAuthSections,
} from './features.ts';
export { findOverdueLogouts, type OverdueLogouts } from './backchannel-logout/overdue-logouts.ts';
export { grantTypes } from './clients/oauth-client.ts';
