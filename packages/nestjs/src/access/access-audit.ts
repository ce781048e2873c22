import { OptionsError, type Logger } from '@sallyport/core';
import type { AnyPolicy } from '@sallyport/policy';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core';
import { auditedActionOf } from '../audit/audit-port.ts';
import { problemsOfCertificateUse, problemsOfServer } from '../certificates/certificate-problems.ts';
import type { CertificatesOptions } from '../certificates/certificates-options.ts';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { problemsOfPolicyUse } from '../policy/policy-problems.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { declareLibraryControllers } from './library-controllers.ts';
import { listHandlers, type DiscoveredHandler, type Transport } from './list-handlers.ts';
import { accessOf } from './resolve-access.ts';
import { problemsOfLostDecorators } from './lost-decorators.ts';
import { problemsOfCaching } from './shared-caches.ts';
import { countsGatewayAsClient } from './shared-trackers.ts';

/** Stops the start while any handler of the application declares no access, and names every such handler at once. */
@Injectable()
export class AccessAudit implements OnModuleInit, OnApplicationBootstrap {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #config: ApplicationConfig;
  readonly #host: HttpAdapterHost;
  readonly #logger: Logger;
  readonly #hasAuditPort: boolean;
  readonly #policy: AnyPolicy | undefined;
  readonly #certificates: CertificatesOptions | undefined;
  readonly #audited = new Set<object>();
  #handlers: readonly DiscoveredHandler[] = [];

  // In the constructor: every class is known by then, and not even a microservice of a hybrid application listens.
  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(SALLYPORT_OPTIONS) options: SallyportOptions,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#config = config;
    this.#host = host;
    this.#logger = options.logger ?? createNestLogger();
    this.#hasAuditPort = options.audit !== undefined;
    this.#policy = options.policy;
    this.#certificates = options.certificates;
    const unfit = declareLibraryControllers(options.libraryControllers ?? [], discovery);
    this.#requireAccess(unfit);
  }

  /** Again, for what a factory made: its class is known only now. */
  onModuleInit(): void {
    this.#requireAccess([]);
  }

  /** Global interceptors and guards are complete only now, just before the application listens. */
  onApplicationBootstrap(): void {
    refuse(problemsOfCaching(this.#handlers, this.#config));
    refuse(problemsOfServer(this.#host, this.#certificates));
    if (countsGatewayAsClient(this.#handlers, this.#discovery, this.#config, this.#host))
      this.#logger.warn('the throttler counts the gateway as one client', {
        event: 'throttler-counts-gateway',
        hint: 'ThrottlerModule.forRoot({ getTracker: trackByCaller }), with trackByCaller of @sallyport/nestjs',
      });
  }

  #requireAccess(others: readonly string[]): void {
    this.#handlers = listHandlers(this.#discovery, this.#scanner);
    // By class: several may inherit one handler, and each has an access of its own.
    const fresh = this.#handlers.filter(({ controller }) => !this.#audited.has(controller));
    for (const { controller } of fresh) this.#audited.add(controller);
    refuse(
      [
        ...others,
        ...fresh.flatMap(problemsOf),
        ...fresh.flatMap(problemsOfLostDecorators),
        ...fresh.flatMap((one) => this.#problemsOfAuditing(one)),
        ...fresh.flatMap((one) => problemsOfPolicyUse(one, this.#policy)),
        ...fresh.flatMap((one) => problemsOfCertificateUse(one, this.#certificates)),
      ],
      curesOf(fresh),
    );
  }

  #problemsOfAuditing({ handler, controller, methodName }: DiscoveredHandler): readonly string[] {
    const audited = auditedActionOf(handler);
    const name = `${controller.name}.${methodName}`;
    if (audited === undefined) return [];
    if (audited.action.trim() === '') return [`@Audited on ${name} needs an action, such as 'order.refunded'`];
    return this.#hasAuditPort
      ? []
      : [`${name} is @Audited, and nothing is there to write to: give SallyportModule audit`];
  }
}

function problemsOf({ handler, controller, methodName, transport }: DiscoveredHandler): readonly string[] {
  const name = `${controller.name}.${methodName}`;
  const access = accessOf(handler, controller);
  if (access.kind === 'contradictory') return access.problems.map((problem) => `${name}: ${problem}`);
  return access.kind === 'undeclared' ? [`${name} (${transport}) declares no access`] : [];
}

/** How the call of each transport comes to a caller. That of HTTP is known: the gateway attaches a token. */
const cures: Readonly<Record<Transport, readonly string[]>> = {
  HTTP: [
    'A controller of a library cannot be decorated where it is written: declare it in the options of SallyportModule,',
    "  libraryControllers: [{ controller: MetricsController, access: Public('scraped inside the cluster') }]",
  ],
  GraphQL: [
    'In GraphQL, decorate the query, mutation, subscription or field, or its resolver class. A field that declares access of',
    "its own needs fieldResolverEnhancers: ['guards'] in the options of GraphQLModule: Nest runs no guard on it otherwise.",
  ],
  WebSocket: [
    'On a WebSocket gateway, decorate the message handler or the class. The caller is that of the connection, who is verified',
    'before the upgrade by the adapter of @sallyport/nestjs/websockets.',
  ],
  microservice: [
    'On a message handler, the decorators bind the guard themselves, with inheritAppConfig or without. The token comes in the',
    'metadata of the message: a header "authorization" of NATS, metadata of gRPC, the envelope of @sallyport/nestjs/microservices.',
  ],
};

function curesOf(handlers: readonly DiscoveredHandler[]): readonly string[] {
  const undeclared = handlers.filter(({ handler, controller }) => accessOf(handler, controller).kind === 'undeclared');
  const transports = new Set(undeclared.map(({ transport }) => transport));
  return [
    'Every handler needs one of these, on itself or on its class:',
    "  @Permissions('product:create')   the caller holds all of these permissions",
    "  @Roles('admin')                  the caller holds one of these roles",
    "  @OrgRoles('owner')               the caller holds one of these roles in the active organization",
    '  @OrgMember()                     the caller has an organization active',
    '  @Authenticated()                 any caller that the gateway knows',
    '  @ServiceOnly()                   any machine that the gateway knows',
    "  @CheckPolicies('read', 'Order')  the policy allows it with the record",
    '  @OptionalAuth()                  everyone, and the handler is told who calls',
    "  @Public('why it may be open')    everyone",
    "  @GuardedElsewhere('by …')        something else than Sallyport decides",
    ...[...transports].flatMap((transport) => cures[transport]),
  ];
}

function refuse(problems: readonly string[], cure: readonly string[] = []): void {
  if (problems.length === 0) return;
  throw new OptionsError(
    [
      `Sallyport refuses to start: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`} with declared access.`,
      ...problems.map((problem) => `  - ${problem}`),
      ...cure,
    ].join('\n'),
  );
}
