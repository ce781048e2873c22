import type { AccountFact } from '../../accounts/account-data.ts';
import { createAttemptLimiter } from '../../accounts/attempt-limiter.ts';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import { createBackchannelLogoutRoutes } from './backchannel-logout.ts';
import { createCallbackRoutes, type CallbackParts } from './callback-routes.ts';
import { createExternalIdentities } from './external-identities.ts';
import { createGithubClient } from './github-client.ts';
import { identityProvidersOf } from './identity-provider.ts';
import { createOidcClient } from './oidc-client.ts';
import { problemsOfProviders, providerConfig, type ProviderSettings } from './provider-config.ts';
import { createProviderCookie } from './provider-cookies.ts';
import { providerEvents } from './provider-events.ts';
import { createProviderFlows } from './provider-flow.ts';
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
  | 'usedAnswers'
  | 'attempts'
  | 'offered';

type ProviderKernel = Omit<CallbackParts, MadeHere> &
  Pick<IdentityKernel, 'records' | 'sealerFor' | 'counters' | 'providerSecrets' | 'fetchFromProviders' | 'logger'>;

/** Signing in with accounts of identity providers. There are none unless the configuration has `signInProviders`. */
export const providerFeature = {
  name: 'signInProviders',
  config: providerConfig,
  tables: providerTables,
  events: providerEvents,
  mails: providerMails,
  retention: providerRetention,
  problemsOf: problemsOfProviders,
  create(kernel: ProviderKernel, settings: ProviderSettings | undefined) {
    const { records, sealerFor, cookie, pages, counters, now } = kernel;
    const identities = createExternalIdentities(records);
    const providerSessions = createProviderSessions(records);
    const providers = settings === undefined ? [] : identityProvidersOf(settings);
    const clients = new Map(
      providers.map((provider) => {
        const secretOf = (): string | undefined => kernel.providerSecrets().get(provider.id);
        const options = { ...kernel, provider, secretOf };
        return [provider.id, provider.kind === 'github' ? createGithubClient(options) : createOidcClient(options)];
      }),
    );
    const parts = {
      ...kernel,
      clients,
      identities,
      providerSessions,
      offered: new Set(clients.keys()),
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
      },
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
              createBackchannelLogoutRoutes(parts),
            ],
    };
  },
} as const satisfies Feature<ProviderSettings | undefined>;
