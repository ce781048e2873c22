import { apiKeyCases } from './cases/api-keys.ts';
import { cachingCases } from './cases/caching.ts';
import { cookieCases } from './cases/cookies.ts';
import { crossOriginCases } from './cases/cross-origin.ts';
import { crossSiteCases } from './cases/cross-site.ts';
import { fairnessCases } from './cases/fairness.ts';
import { forwardedCases } from './cases/forwarded.ts';
import { framingCases } from './cases/framing.ts';
import { hostCases } from './cases/hosts.ts';
import { identityCases } from './cases/identity.ts';
import { lifecycleCases } from './cases/lifecycle.ts';
import { limitCases } from './cases/limits.ts';
import { mcpCases } from './cases/mcp.ts';
import { nextCases } from './cases/next.ts';
import { organizationCases } from './cases/organizations.ts';
import { oauthClientCases } from './cases/oauth-clients-api.ts';
import { deviceFlowCases } from './cases/device-flow.ts';
import { oauthProviderCases } from './cases/oauth-provider.ts';
import { pathCases } from './cases/paths.ts';
import { proofOfPossessionCases } from './cases/proof-of-possession.ts';
import { redirectCases } from './cases/redirects.ts';
import { tokenCases } from './cases/tokens.ts';
import { usersApiCases } from './cases/users-api.ts';
import { webhookCases } from './cases/webhooks.ts';
import { webSocketCases } from './cases/web-sockets.ts';
import type { AttackCase } from './runner/attack-case.ts';

/** Every case, in the order of the groups. */
export const allCases: readonly AttackCase[] = [
  ...pathCases,
  ...hostCases,
  ...forwardedCases,
  ...identityCases,
  ...framingCases,
  ...cookieCases,
  ...crossSiteCases,
  ...crossOriginCases,
  ...redirectCases,
  ...nextCases,
  ...lifecycleCases,
  ...webSocketCases,
  ...cachingCases,
  ...limitCases,
  ...fairnessCases,
  ...tokenCases,
  ...apiKeyCases,
  ...webhookCases,
  ...usersApiCases,
  ...oauthClientCases,
  ...oauthProviderCases,
  ...deviceFlowCases,
  ...organizationCases,
  ...mcpCases,
  ...proofOfPossessionCases,
];

/** What the groups are called. */
export const groupTitles: Readonly<Record<string, string>> = {
  P: 'paths',
  H: 'hosts, targets, methods',
  F: 'forwarded headers',
  I: 'identity headers',
  S: 'framing and reuse',
  C: 'cookies',
  X: 'other sites',
  R: 'redirects',
  N: 'Next.js',
  L: 'sessions that end',
  W: 'sockets and streams',
  K: 'caches and leaks',
  B: 'one client and the others',
  Q: 'limits and operators',
  T: 'tokens and keys',
  V: 'webhooks',
};
