import { OptionsError } from '@sallyport/core';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import { createAccessTokens } from './access-token.ts';
import { createBearerAuthenticator } from './bearer-authenticator.ts';
import { createGrace } from './grace.ts';
import { createRefreshTokens, refreshTokenPurpose } from './refresh-token.ts';
import { problemsOfTokens, tokenConfig, type TokenConfig } from './token-config.ts';
import { tokenEvents } from './token-events.ts';
import { createTokenFamilies } from './token-families.ts';
import { tokenFamilyRetention, tokenFamilyTables } from './token-family-table.ts';
import { createTokenRoutes, type TokenRouteParts } from './token-routes.ts';

type TokenKernel = Omit<TokenRouteParts, 'tokens' | 'families' | 'grace' | 'issueAccessToken' | 'tokenLifetime'> &
  Pick<IdentityKernel, 'keyRing' | 'bus' | 'roles' | 'records' | 'sealerFor'>;

/** First-party tokens: access and refresh tokens for programs of the product's own. Off unless configured. */
export const tokenFeature = {
  name: 'firstPartyTokens',
  config: tokenConfig,
  credential: 'bearer',
  isEnabled: (config: TokenConfig) => config !== undefined,
  tables: tokenFamilyTables,
  events: tokenEvents,
  retention: tokenFamilyRetention,
  problemsOf: problemsOfTokens,
  create(kernel: TokenKernel, config: TokenConfig) {
    const { keyRing, publicUrl, bus, directory, roles, records, sealerFor, now } = kernel;
    const tokens = createRefreshTokens(sealerFor(refreshTokenPurpose));
    const families = createTokenFamilies(records, tokens);
    // Also of an installation that had tokens once.
    const forgetAccount = (userId: string): Promise<void> => families.forget(userId);
    if (config === undefined) return { forgetAccount };
    if (keyRing === undefined) throw new OptionsError('firstPartyTokens need a key ring with keys of the use "client"');
    const { origin } = new URL(publicUrl);
    const lifetimeSeconds = config.accessMinutes * 60;
    const bearer = createBearerAuthenticator({ keyRing, origin, lifetimeSeconds, bus, directory, roles, now });
    const parts: TokenRouteParts = {
      ...kernel,
      tokens,
      families,
      grace: createGrace(config.graceSeconds, now),
      issueAccessToken: createAccessTokens({ keyRing, origin, lifetimeSeconds, now }),
      tokenLifetime: { idleSeconds: config.refreshDays * 86_400, absoluteSeconds: config.maxDays * 86_400 },
    };
    return {
      forgetAccount,
      routes: [createTokenRoutes(parts)],
      authenticator: bearer.authenticator,
      close: async () => bearer.close(),
    };
  },
} as const satisfies Feature<TokenConfig>;
