import { OptionsError } from '@sallyport/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listGraphqlHandlers, type GraphqlHandler } from './graphql-handlers.ts';
import { policyUsesOf } from '../policy/policy-uses.ts';
import { findGraphqlOptions, runsOnFields, subscriptionHooksOf } from './graphql-options.ts';
import { areGuarded } from './guarded-hooks.ts';

/** Stops the start where the options of `GraphQLModule` would leave open what resolvers declare. */
@Injectable()
export class GraphqlAudit implements OnModuleInit {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
  }

  // Not in the constructor: options may come from a factory that is still waiting. Nothing listens before this is over.
  onModuleInit(): void {
    const handlers = listGraphqlHandlers(this.#discovery, this.#scanner);
    const guarded = handlers.filter(needsGuard);
    const masked = handlers.filter(isMaskedField);
    const problems = findGraphqlOptions(this.#discovery).flatMap((options) => [
      ...(guarded.length === 0 ? [] : problemsOf(options, guarded)),
      ...problemsOfMaskedFields(options, masked),
    ]);
    if (problems.length === 0) return;
    throw new OptionsError(
      [
        'Sallyport refuses to start: the options of GraphQLModule leave resolvers open.',
        ...new Set(problems.map((problem) => `  - ${problem}`)),
      ].join('\n'),
    );
  }
}

function needsGuard({ access }: GraphqlHandler): boolean {
  return access.kind === 'guarded' || access.kind === 'optional';
}

function isMaskedField({ kind, handler }: GraphqlHandler): boolean {
  return kind === 'field' && policyUsesOf(handler).some((use) => use.kind === 'mask');
}

function problemsOfMaskedFields(options: object, masked: readonly GraphqlHandler[]): readonly string[] {
  if (runsOnFields(options, 'interceptors')) return [];
  return masked.map(
    ({ controller, methodName }) =>
      `${controller.name}.${methodName} (field) has @MaskFields, and Nest runs no interceptor on fields unless it is told to: add 'interceptors' to fieldResolverEnhancers`,
  );
}

function problemsOf(options: object, guarded: readonly GraphqlHandler[]): readonly string[] {
  return [...problemsOfFields(options, guarded), ...problemsOfSubscriptions(options), ...problemsOfContext(options)];
}

function problemsOfFields(options: object, guarded: readonly GraphqlHandler[]): readonly string[] {
  if (runsOnFields(options, 'guards')) return [];
  return guarded
    .filter(({ kind }) => kind === 'field')
    .map(
      ({ controller, methodName }) =>
        `${controller.name}.${methodName} (field) declares access, and Nest runs no guard on fields unless it is told to: add fieldResolverEnhancers: ['guards']`,
    );
}

function problemsOfSubscriptions(options: object): readonly string[] {
  const hooks = subscriptionHooksOf(options);
  if (hooks === undefined || areGuarded(hooks)) return [];
  return [
    "nothing verifies who opens a WebSocket: inject SallyportSubscriptions, and set subscriptions: { 'graphql-ws': subscriptions.graphqlWs() } with Apollo, subscription: subscriptions.mercurius() with Mercurius",
  ];
}

/** A context that is an object is one for all requests: some versions of the drivers then keep the first request in it. */
function problemsOfContext(options: object): readonly string[] {
  const context: unknown = Reflect.get(options, 'context');
  return typeof context === 'object' && context !== null
    ? ['context is one object, which requests would share with the caller of the first: make it a function']
    : [];
}
