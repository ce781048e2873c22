import { OptionsError } from '@sallyport/core';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { CallRefusals } from '../errors/call-refusals.ts';
import { RefusalLog } from '../errors/refusal-log.ts';
import { SALLYPORT_OPTIONS, SERVICE_TRUST, TOKEN_VERIFIER } from '../injection-tokens.ts';
import type { SallyportAsyncOptions } from '../sallyport-module.ts';
import { requireSallyportOptions, type SallyportOptions } from '../sallyport-options.ts';
import { createServiceTrust, RevocationSubscription, type ServiceTrust } from '../service-trust.ts';

/** How tokens are recognised. What the guard and the filter of `SallyportModule` do is not asked for here. */
export type SallyportPassportOptions = Omit<
  SallyportOptions,
  'errors' | 'requestUser' | 'providerTokens' | 'certificates'
>;

const optionsOfGuardAndFilter = ['errors', 'requestUser', 'providerTokens', 'certificates'] as const;

/**
 * What the strategy `jwt` verifies tokens with, for an application that keeps its own guards: nothing is guarded, filtered or
 * checked at the start. `SallyportModule` has all of this as well: import one of the two.
 *
 * @example
 * \@Module({
 *   imports: [SallyportPassportModule.forRoot({ issuer, audience: 'shop', keysUrl })],
 *   providers: [JwtStrategy],
 * })
 */
@Module({})
export class SallyportPassportModule {
  /** @throws OptionsError that names every bad option. */
  static forRoot(options: SallyportPassportOptions): DynamicModule {
    return describeModule([], { provide: SALLYPORT_OPTIONS, useValue: requireOptions(options) });
  }

  /** Takes the options from other providers, as `SallyportModule.forRootAsync` does. */
  static forRootAsync(options: SallyportAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory } = options;
    return describeModule(imports, {
      provide: SALLYPORT_OPTIONS,
      inject: [...inject],
      useFactory: async (...injected: never[]) => requireOptions(await useFactory(...injected)),
    });
  }
}

function describeModule(imports: NonNullable<DynamicModule['imports']>, options: Provider): DynamicModule {
  return {
    module: SallyportPassportModule,
    global: true,
    imports,
    providers: [
      options,
      { provide: SERVICE_TRUST, inject: [SALLYPORT_OPTIONS], useFactory: createServiceTrust },
      { provide: TOKEN_VERIFIER, inject: [SERVICE_TRUST], useFactory: ({ verifier }: ServiceTrust) => verifier },
      RevocationSubscription,
      RefusalLog,
      CallRefusals,
    ],
    exports: [TOKEN_VERIFIER, CallRefusals],
  };
}

function requireOptions(options: SallyportOptions): SallyportOptions {
  const idle = optionsOfGuardAndFilter.filter((name) => options[name] !== undefined);
  if (idle.length === 0) return requireSallyportOptions(options);
  throw new OptionsError(`SallyportPassportModule has no use for ${idle.join(', ')}: import SallyportModule instead`);
}
