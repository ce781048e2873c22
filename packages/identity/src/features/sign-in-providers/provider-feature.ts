import type { StepUpProvider } from '@sallyport/core';
import type { AccountFact } from '../../accounts/account-data.ts';
import { createAttemptLimiter } from '../../accounts/attempt-limiter.ts';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import { createBackchannelLogoutRoutes } from './backchannel-logout.ts';
import { createCodeFlows } from './brought-codes/code-flow.ts';
import { createCodeRoutes, type CodeRouteParts } from './brought-codes/code-routes.ts';
import { createCallbackRoutes, type CallbackParts } from './callback-routes.ts';
import { createExternalIdentities } from './external-identities.ts';
import { createGithubClient } from './github-client.ts';
import { identityProvidersOf, toOfferedProvider } from './identity-provider.ts';
import { createHandOut, type HandOutProviderToken } from './kept-tokens/hand-out.ts';
import { providerTokenPurpose } from './kept-tokens/kept-token.ts';
import { sealedTokenColumn } from './kept-tokens/kept-token-table.ts';
import { createKeptTokenTable } from './kept-tokens/kept-tokens.ts';
import { createFreshTokens } from './kept-tokens/refresh-kept-tokens.ts';
import { createTokenRevocation } from './kept-tokens/revoke-ended-tokens.ts';
import { createOidcClient } from './oidc-client.ts';
import { problemsOfProviders, providerConfig, type ProviderSettings } from './provider-config.ts';
import { createProviderCookie } from './provider-cookies.ts';
import { providerEvents } from './provider-events.ts';
import { createProviderFlows } from './provider-flow.ts';
import { createProviderLogouts } from './provider-logouts.ts';
import { providerMails } from './provider-mails.ts';
import { createProviderListRoutes, createProviderRoutes } from './provider-routes.ts';
import { createProviderSessions } from './provider-sessions.ts';
import { providerRetention, providerTables } from './provider-tables.ts';
import { createUsedAnswers } from './used-answers.ts';

type MadeHere =
  | 'clients'
  | 'flows'
  | 'flowCookie'
  | 'answerCookie'
  | 'identities'
  | 'providerSessions'
  | 'providerLogouts'
  | 'usedAnswers'
  | 'attempts'
  | 'offered'
  | 'codeFlows'
  | 'keptTokens'
  | 'tokenRevocation';

type ProviderKernel = Omit<CallbackParts & CodeRouteParts, MadeHere> &
  Pick<
    IdentityKernel,
    | 'records'
    | 'sealerFor'
    | 'counters'
    | 'providerSecrets'
    | 'fetchFromProviders'
    | 'logger'
    | 'meter'
    | 'makeReportedChange'
  >;

/** What the gateway asks of it beside its routes. */
export interface ProviderTokenServices {
  /** Hands the access token of a provider out to a service. */
  readonly handOut: HandOutProviderToken;
  /** Revokes at their providers what is due. */
  readonly revokeEnded: () => Promise<void>;
}

/** Signing in with accounts of identity providers. There are none unless the configuration has `signInProviders`. */
export const providerFeature = {
  name: 'signInProviders',
  config: providerConfig,
  tables: providerTables,
  sealedColumns: [sealedTokenColumn],
  events: providerEvents,
  mails: providerMails,
  retention: providerRetention,
  problemsOf: problemsOfProviders,
  isEnabled: (settings: ProviderSettings | undefined) => settings !== undefined,
  create(kernel: ProviderKernel, settings: ProviderSettings | undefined) {
    const { records, sealerFor, cookie, pages, counters, now } = kernel;
    const identities = createExternalIdentities(records);
    const providerSessions = createProviderSessions(records);
    const providerLogouts = createProviderLogouts(records, identities, now);
    const providers = settings === undefined ? [] : identityProvidersOf(settings);
    const clients = new Map(
      providers.map((provider) => {
        const secretOf = (): string | undefined => kernel.providerSecrets().get(provider.id);
        const options = { ...kernel, provider, secretOf };
        return [provider.id, provider.kind === 'github' ? createGithubClient(options) : createOidcClient(options)];
      }),
    );
    const tokenSealer = sealerFor(providerTokenPurpose);
    const keptTokens = createKeptTokenTable(records, tokenSealer, identities, now);
    const tokenRevocation = createTokenRevocation({ ...kernel, keptTokens, tokenSealer, clients });
    const revokedOnBan = providers.filter(({ keepTokens }) => keepTokens?.revokeOnBan !== false).map(({ id }) => id);
    const freshTokens = createFreshTokens({ ...kernel, keptTokens, tokenSealer });
    const providerTokens: ProviderTokenServices = {
      handOut: createHandOut({ ...kernel, identities, clients, freshTokens, tokenSealer }),
      revokeEnded: () => tokenRevocation.run(),
    };
    const parts = {
      ...kernel,
      keptTokens,
      tokenRevocation,
      clients,
      identities,
      providerSessions,
      providerLogouts,
      offered: new Set(clients.keys()),
      codeFlows: createCodeFlows(sealerFor('provider-code-flow'), now),
      flows: createProviderFlows(sealerFor('provider-flow'), pages, now),
      flowCookie: createProviderCookie(cookie, 'provider'),
      answerCookie: createProviderCookie(cookie, 'answer'),
      usedAnswers: createUsedAnswers(records),
      attempts: createAttemptLimiter({ counters, sealer: sealerFor('counter-key'), now }),
    };
    return {
      // Also of an installation that had providers once.
      async forgetAccount(userId: string) {
        await identities.forget(userId);
        await providerSessions.forget(userId);
        await keptTokens.end({ userId });
        tokenRevocation.wake();
      },
      async suspendAccount(userId: string) {
        await keptTokens.end({ userId }, revokedOnBan);
        tokenRevocation.wake();
      },
      // GitHub neither signs a user in anew nor says when it did.
      async offerStepUp(userId: string): Promise<readonly StepUpProvider[]> {
        const owned = await identities.list(userId);
        return providers
          .filter(({ id, kind }) => kind !== 'github' && owned.some(({ provider }) => provider === id))
          .map((provider) => ({ method: 'provider', ...toOfferedProvider(provider) }));
      },
      isProviderSignInOver: providerLogouts.isOver,
      services: { providerTokens },
      close: () => tokenRevocation.close(),
      async describeAccount(userId: string): Promise<readonly AccountFact[]> {
        const owned = await identities.list(userId);
        if (owned.length === 0 && providers.length === 0) return [];
        return [{ name: 'providers', values: owned.map(({ provider, subject }) => `${provider} ${subject}`) }];
      },
      routes:
        settings === undefined
          ? [createProviderListRoutes(clients)]
          : [
              createProviderListRoutes(clients),
              createProviderRoutes(parts),
              createCallbackRoutes(parts),
              createCodeRoutes(parts),
              createBackchannelLogoutRoutes(parts),
            ],
    };
  },
} as const satisfies Feature<ProviderSettings | undefined>;
