import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Provider } from '@nestjs/common';
import { SALLYPORT_USERS_OPTIONS } from '../injection-tokens.ts';
import { SallyportUsers } from './sallyport-users.ts';
import { resolveUsersOptions, type SallyportUsersOptions } from './users-options.ts';

/** Options that come from other providers, such as a configuration service. */
export interface SallyportUsersAsyncOptions {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: NonNullable<FactoryProvider['inject']>;
  // Nest passes whatever `inject` names: only the factory knows those types.
  readonly useFactory: (...injected: never[]) => SallyportUsersOptions | Promise<SallyportUsersOptions>;
}

/**
 * Provides {@link SallyportUsers} to the modules that import it, and to no other: a part of a service that manages users
 * says so. It asks the gateway nothing at the start.
 *
 * @example
 * `@Module({ imports: [SallyportUsersModule.forRoot({ url, apiKey })], providers: [Onboarding] })`
 */
@Module({})
export class SallyportUsersModule {
  /** @throws OptionsError that names every bad option. */
  static forRoot(options: SallyportUsersOptions): DynamicModule {
    resolveUsersOptions(options);
    return describeModule([], { provide: SALLYPORT_USERS_OPTIONS, useValue: options });
  }

  /**
   * Takes the options from other providers. The start fails with an OptionsError that names every bad option.
   *
   * @example
   * SallyportUsersModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({
   *     url: config.getOrThrow('SALLYPORT_URL'),
   *     apiKey: () => readFile(config.getOrThrow('SALLYPORT_API_KEY_FILE'), 'utf8'),
   *   }),
   * })
   */
  static forRootAsync({ imports = [], inject = [], useFactory }: SallyportUsersAsyncOptions): DynamicModule {
    return describeModule(imports, { provide: SALLYPORT_USERS_OPTIONS, inject: [...inject], useFactory });
  }
}

function describeModule(imports: NonNullable<ModuleMetadata['imports']>, options: Provider): DynamicModule {
  return { module: SallyportUsersModule, imports, providers: [options, SallyportUsers], exports: [SallyportUsers] };
}
