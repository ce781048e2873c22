import { internalKeysPath, type InProcessIdentity, type Logger } from '@sallyport/core';
import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import { SALLYPORT_OPTIONS, SERVICE_TRUST } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { describeModule } from '../sallyport-module.ts';
import { requireSallyportOptions, type SallyportOptions } from '../sallyport-options.ts';
import { createServiceTrust } from '../service-trust.ts';
import { rejectWithHttpExceptions } from './reject-with-http-exceptions.ts';
import { SallyportIdentity } from './sallyport-identity.ts';
import { SingleRoleUsers } from './single-role-users.ts';
import { SocketAudit } from './socket-audit.ts';

/** Opens identity: `openInProcessIdentity` of `@sallyport/server`. */
export type OpenIdentity<Options> = (options: Options & { readonly logger: Logger }) => Promise<InProcessIdentity>;

/** What guards and filters are told where the gateway is this process: all else follows from identity. */
export type SallyportIdentityOptions = Pick<
  SallyportOptions,
  | 'clockToleranceSeconds'
  | 'cacheSize'
  | 'libraryControllers'
  | 'audit'
  | 'errors'
  | 'requestUser'
  | 'documentationOrigin'
  | 'logger'
>;

/**
 * Runs identity inside this Nest application, without a gateway in front: every request passes it first, and handlers are
 * guarded as by `SallyportModule`, which it brings along. `SallyportIdentity` is injected where users register and sign in.
 *
 * Requests pass before body parsers and everything that is given to `app.use`. WebSocket handshakes do not pass, so that they
 * have no caller: the start is refused where a gateway of Nest asks for one.
 *
 * @example
 * SallyportIdentityModule.forRoot(openInProcessIdentity, {
 *   publicUrl: 'http://localhost:3000',
 *   policy: { permissions: {}, roles: { user: [] } },
 *   firstPartyTokens: {},
 * })
 */
@Module({})
export class SallyportIdentityModule {
  /**
   * The start of the application rejects with what `open` rejects with.
   *
   * @param identity what `open` is called with, beside the logger.
   */
  static forRoot<Options extends object>(
    open: OpenIdentity<Options>,
    identity: Omit<Options, 'logger'>,
    options: SallyportIdentityOptions = {},
  ): DynamicModule {
    return {
      module: SallyportIdentityModule,
      global: true,
      imports: [
        DiscoveryModule,
        describeModule(
          [],
          {
            provide: SALLYPORT_OPTIONS,
            inject: [SallyportIdentity],
            useFactory: ({ issuer, audience }: InProcessIdentity) =>
              // The address is for what reads keys elsewhere; here they are at hand.
              requireSallyportOptions({
                ...options,
                issuer,
                audience,
                keysUrl: new URL(internalKeysPath, issuer).href,
              }),
          },
          {
            provide: SERVICE_TRUST,
            inject: [SALLYPORT_OPTIONS, SallyportIdentity],
            useFactory: (checked: SallyportOptions, { keys }: InProcessIdentity) => createServiceTrust(checked, keys),
          },
        ),
      ],
      providers: [
        {
          provide: SallyportIdentity,
          inject: [HttpAdapterHost],
          useFactory: (host: HttpAdapterHost) =>
            openInFrontOf(host, (logger) => open({ ...identity, logger } as Options & { logger: Logger }), options),
        },
        SingleRoleUsers,
        SocketAudit,
        IdentityLifetime,
      ],
      exports: [SallyportIdentity, SingleRoleUsers],
    };
  }
}

async function openInFrontOf(
  { httpAdapter }: HttpAdapterHost,
  open: (logger: Logger) => Promise<InProcessIdentity>,
  { logger = createNestLogger() }: SallyportIdentityOptions,
): Promise<InProcessIdentity> {
  const identity = rejectWithHttpExceptions(await open(logger));
  // A context without a server has no requests.
  if (httpAdapter as unknown) {
    httpAdapter.use((request: object, response: object, next: () => void) => identity.handle(request, response, next));
  }
  return identity;
}

/** Closes the stores once the server of the application has closed. */
@Injectable()
class IdentityLifetime implements OnApplicationShutdown {
  readonly #identity: InProcessIdentity;

  constructor(@Inject(SallyportIdentity) identity: InProcessIdentity) {
    this.#identity = identity;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#identity.close();
  }
}
