import { OptionsError, type Authenticator, type RequestContext } from '@sallyport/core';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import type { ProgramSignIn } from '../../sign-in/program-sign-ins.ts';
import { createAccessTokens, createOpaqueAccessTokens, type IssueAccessToken } from './access-token.ts';
import { createBearerAuthenticator } from './bearer-authenticator.ts';
import { createGrace } from './grace.ts';
import { createOpaqueAuthenticator } from './opaque-authenticator.ts';
import { createOpaqueTokens, opaqueTokenPurpose } from './opaque-token.ts';
import { createRefreshTokens, refreshTokenPurpose } from './refresh-token.ts';
import { revokeToken } from './revoke-token.ts';
import { problemsOfTokens, tokenConfig, type TokenConfig } from './token-config.ts';
import { tokenEvents } from './token-events.ts';
import { createTokenFamilies } from './token-families.ts';
import { tokenFamilyRetention, tokenFamilyTables } from './token-family-table.ts';
import { openFamily } from './open-family.ts';
import { answerAsked, createTokenRoutes, type TokenRouteParts } from './token-routes.ts';

type TokenKernel = Omit<TokenRouteParts, 'tokens' | 'families' | 'grace' | 'issueAccessToken' | 'tokenLifetime'> &
  Pick<IdentityKernel, 'keyRing' | 'bus' | 'roles' | 'memberships' | 'records' | 'sealerFor'>;

/** What the gateway asks of it beside its routes. */
export interface TokenServices {
  /** Ends the sign-in of a token, for services: see `revokeToken`. */
  readonly revokeToken: (token: string, context: RequestContext) => Promise<void>;
}

const noTokens: TokenServices = { revokeToken: () => Promise.resolve() };

/** First-party tokens: access and refresh tokens for programs of the product's own. Off unless configured. */
export const tokenFeature = {
  name: 'firstPartyTokens',
  config: tokenConfig,
  credential: ['bearer', 'opaque'],
  credentialOf: (config: TokenConfig) => (config?.accessTokens === 'opaque' ? 'opaque' : 'bearer'),
  isEnabled: (config: TokenConfig) => config !== undefined,
  tables: tokenFamilyTables,
  events: tokenEvents,
  retention: tokenFamilyRetention,
  problemsOf: problemsOfTokens,
  create(kernel: TokenKernel, config: TokenConfig) {
    const { records, sealerFor, now } = kernel;
    const tokens = createRefreshTokens(sealerFor(refreshTokenPurpose));
    const families = createTokenFamilies(records, tokens);
    // Also of an installation that had tokens once.
    const forgetAccount = (userId: string): Promise<void> => families.forget(userId);
    if (config === undefined) return { forgetAccount, services: noTokens };
    const access = config.accessTokens === 'opaque' ? createOpaque(kernel, config) : createJwt(kernel, config);
    const parts: TokenRouteParts = {
      ...kernel,
      tokens,
      families,
      grace: createGrace(config.graceSeconds, now),
      issueAccessToken: access.issue,
      tokenLifetime: { idleSeconds: config.refreshDays * 86_400, absoluteSeconds: config.maxDays * 86_400 },
    };
    const { authenticator } = access;
    const { origin } = new URL(kernel.publicUrl);
    const services: TokenServices = {
      revokeToken: (token, context) => revokeToken({ ...parts, authenticator }, token, context),
    };
    return {
      forgetAccount,
      services,
      routes: [createTokenRoutes(parts)],
      programSignIn: {
        begin: (proof, program, context, onSettled) => openFamily(parts, proof, program, context, onSettled),
        refuseAsked: (c, asked) => answerAsked(c, asked, origin),
      } satisfies ProgramSignIn,
      authenticator,
      close: async () => access.close(),
    };
  },
} as const satisfies Feature<TokenConfig>;

/** Access tokens of one form: what makes them, and what recognizes them. */
interface AccessTokens {
  readonly issue: IssueAccessToken;
  readonly authenticator: Authenticator;
  close(): void;
}

function createJwt(kernel: TokenKernel, { accessMinutes }: NonNullable<TokenConfig>): AccessTokens {
  const { keyRing, publicUrl, now } = kernel;
  if (keyRing === undefined) throw new OptionsError('firstPartyTokens need a key ring with keys of the use "client"');
  const shared = { keyRing, origin: new URL(publicUrl).origin, lifetimeSeconds: accessMinutes * 60, now };
  const bearer = createBearerAuthenticator({ ...kernel, ...shared });
  return { issue: createAccessTokens(shared), authenticator: bearer.authenticator, close: () => bearer.close() };
}

function createOpaque(kernel: TokenKernel, { accessMinutes }: NonNullable<TokenConfig>): AccessTokens {
  const { directory, sealerFor, now } = kernel;
  const tokens = createOpaqueTokens(sealerFor(opaqueTokenPurpose));
  return {
    issue: createOpaqueAccessTokens({ tokens, lifetimeSeconds: accessMinutes * 60, now }),
    authenticator: createOpaqueAuthenticator({ tokens, directory, now }),
    close: () => {},
  };
}
