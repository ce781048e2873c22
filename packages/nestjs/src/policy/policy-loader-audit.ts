import { OptionsError } from '@sallyport/core';
import { Inject, Injectable, type InjectionToken, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { listHandlers, type DiscoveredHandler } from '../access/list-handlers.ts';
import { accessOf, policiesOf } from '../access/resolve-access.ts';

/** Stops the start where `@CheckPolicies` loads records with a provider that the application does not have. */
@Injectable()
export class PolicyLoaderAudit implements OnModuleInit {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #providers: ModuleRef;

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
    @Inject(ModuleRef) providers: ModuleRef,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#providers = providers;
  }

  // Every provider is there by now, and nothing listens yet.
  onModuleInit(): void {
    const problems = listHandlers(this.#discovery, this.#scanner).flatMap((one) => this.#problemsOf(one));
    if (problems.length === 0) return;
    throw new OptionsError(
      [
        'Sallyport refuses to start: records cannot be loaded to ask the policy about them.',
        ...problems.map((problem) => `  - ${problem}`),
      ].join('\n'),
    );
  }

  #problemsOf({ handler, controller, methodName }: DiscoveredHandler): readonly string[] {
    return policiesOf(accessOf(handler, controller)).flatMap(({ load }) => {
      if (load === undefined || typeof load === 'function') return [];
      const problem = this.#problemOfProvider(load.provider);
      return problem === undefined ? [] : [`${controller.name}.${methodName} loads with ${problem}`];
    });
  }

  #problemOfProvider(token: InjectionToken): string | undefined {
    const name = typeof token === 'function' ? token.name : String(token);
    try {
      this.#providers.get(token, { strict: false });
      return undefined;
    } catch (error) {
      const isScoped = error instanceof Error && error.constructor.name === 'InvalidClassScopeException';
      return isScoped
        ? `${name}, which is made for each request: load with a provider of which there is one`
        : `${name}, which is no provider of this application: add it to the providers of a module`;
    }
  }
}
