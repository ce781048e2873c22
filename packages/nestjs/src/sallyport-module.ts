import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessAudit } from './access/access-audit.ts';
import { PrefixHint } from './access/prefix-hint.ts';
import { CertificateFiles } from './certificates/certificate-files.ts';
import { openServiceCertificates } from './certificates/open-service-certificates.ts';
import type { ServiceCertificates } from './certificates/service-certificates.ts';
import { ConnectionWatch } from './connections/connection-watch.ts';
import { CallRefusals } from './errors/call-refusals.ts';
import { RefusalLog } from './errors/refusal-log.ts';
import { SallyportExceptionFilter } from './errors/sallyport-exception-filter.ts';
import { GlobalEnhancers } from './global-enhancers.ts';
import { GraphqlAudit } from './graphql/graphql-audit.ts';
import { SallyportSubscriptions } from './graphql/sallyport-subscriptions.ts';
import { SubscriptionConnections } from './graphql/subscription-connections.ts';
import { SallyportGuard } from './guard/sallyport-guard.ts';
import {
  API_KEY_VERIFIER,
  MESSAGE_TRUST,
  SALLYPORT_OPTIONS,
  SERVICE_CERTIFICATES,
  SERVICE_TRUST,
  TOKEN_VERIFIER,
} from './injection-tokens.ts';
import { createMemoryReplays } from './messages/message-replays.ts';
import { MessageSealer } from './messages/message-sealer.ts';
import { createMessageTrust } from './messages/message-trust.ts';
import { PolicyDenials } from './policy/policy-denials.ts';
import { PolicyLoaderAudit } from './policy/policy-loader-audit.ts';
import { SallyportAccess } from './policy/sallyport-access.ts';
import { ProviderTokens } from './provider-tokens/provider-tokens.ts';
import { requireSallyportOptions, type SallyportOptions } from './sallyport-options.ts';
import { SallyportServices } from './services/sallyport-services.ts';
import { createServiceTrust, RevocationSubscription, type ServiceTrust } from './service-trust.ts';
import { SOCKET_ADAPTERS, SocketAdapters } from './websockets/socket-adapters.ts';

/** Options that come from other providers, such as a configuration service. */
export interface SallyportAsyncOptions {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: NonNullable<FactoryProvider['inject']>;
  // Nest passes whatever `inject` names: only the factory knows those types.
  readonly useFactory: (...injected: never[]) => SallyportOptions | Promise<SallyportOptions>;
}

/**
 * Guards every handler of the application by the token that the gateway attaches.
 *
 * The start fails while any handler declares no access. The guard runs before the guards of the application, and the
 * filters of the application before ours. Body parsing, CORS, prefixes and the request object are left alone.
 *
 * @example
 * `@Module({ imports: [SallyportModule.forRoot({ issuer, audience: 'shop', keysUrl })], controllers: [ProductsController] })`
 */
@Module({})
export class SallyportModule {
  /** @throws OptionsError that names every bad option. */
  static forRoot(options: SallyportOptions): DynamicModule {
    return describeModule([], { provide: SALLYPORT_OPTIONS, useValue: requireSallyportOptions(options) });
  }

  /**
   * Takes the options from other providers. The start fails with an OptionsError that names every bad option.
   *
   * @example
   * SallyportModule.forRootAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({
   *     issuer: config.getOrThrow('SALLYPORT_ISSUER'),
   *     audience: 'orders',
   *     keysUrl: config.getOrThrow('SALLYPORT_KEYS_URL'),
   *   }),
   * })
   */
  static forRootAsync(options: SallyportAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory } = options;
    return describeModule(imports, {
      provide: SALLYPORT_OPTIONS,
      inject: [...inject],
      useFactory: async (...injected: never[]) => requireSallyportOptions(await useFactory(...injected)),
    });
  }
}

const trustByOptions: Provider = {
  provide: SERVICE_TRUST,
  inject: [SALLYPORT_OPTIONS],
  useFactory: createServiceTrust,
};

/** Puts the module together. `trust` says what tokens are verified by. */
export function describeModule(
  imports: NonNullable<ModuleMetadata['imports']>,
  options: Provider,
  trust: Provider = trustByOptions,
): DynamicModule {
  return {
    module: SallyportModule,
    global: true,
    imports: [DiscoveryModule, ...imports],
    providers: [
      options,
      trust,
      { provide: TOKEN_VERIFIER, inject: [SERVICE_TRUST], useFactory: ({ verifier }: ServiceTrust) => verifier },
      {
        provide: API_KEY_VERIFIER,
        inject: [SERVICE_TRUST],
        useFactory: ({ apiKeyVerifier }: ServiceTrust) => apiKeyVerifier,
      },
      {
        provide: MESSAGE_TRUST,
        inject: [SERVICE_TRUST, SALLYPORT_OPTIONS, SERVICE_CERTIFICATES],
        useFactory: (
          trust: ServiceTrust,
          { messages }: SallyportOptions,
          certificates: ServiceCertificates | undefined,
        ) => createMessageTrust({ ...trust, certificates, replays: messages?.replays ?? createMemoryReplays() }),
      },
      {
        provide: SERVICE_CERTIFICATES,
        inject: [SALLYPORT_OPTIONS],
        useFactory: openServiceCertificates,
      },
      CertificateFiles,
      RevocationSubscription,
      ConnectionWatch,
      ProviderTokens,
      SallyportServices,
      MessageSealer,
      RefusalLog,
      CallRefusals,
      SallyportGuard,
      SallyportExceptionFilter,
      GlobalEnhancers,
      AccessAudit,
      PolicyDenials,
      PolicyLoaderAudit,
      SallyportAccess,
      // A gateway of this process has no prefix.
      ...(trust === trustByOptions ? [PrefixHint] : []),
      { provide: SOCKET_ADAPTERS, useClass: SocketAdapters },
      GraphqlAudit,
      SubscriptionConnections,
      SallyportSubscriptions,
    ],
    // The options too: guard and interceptors are bound in the modules of the application.
    exports: [
      SALLYPORT_OPTIONS,
      TOKEN_VERIFIER,
      API_KEY_VERIFIER,
      MESSAGE_TRUST,
      SERVICE_CERTIFICATES,
      CallRefusals,
      RefusalLog,
      ConnectionWatch,
      PolicyDenials,
      SallyportAccess,
      SallyportSubscriptions,
      ProviderTokens,
      SallyportServices,
      MessageSealer,
    ],
  };
}
