import { setTimeout as wait } from 'node:timers/promises';
import { internalRoutesPath, parseAudienceRoutes, type AudienceRoute, type Logger } from '@sallyport/core';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, HttpAdapterHost, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { problemOfPrefix, type ServicePaths } from './gateway-prefix.ts';
import { createHttpPaths } from './http-paths.ts';
import { listHandlers } from './list-handlers.ts';
import { accessOf } from './resolve-access.ts';

/** A gateway may start after its services. */
const pausesMilliseconds = [0, 2000, 10_000, 30_000];
const patienceMilliseconds = 3000;

/**
 * Asks the gateway at the start under which prefixes it forwards to this service, and warns where handlers stand elsewhere:
 * every request would be 404, and nothing would say why. A gateway that is away, or does not tell, holds up nothing.
 */
@Injectable()
export class PrefixHint implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #options: SallyportOptions;
  readonly #logger: Logger;
  readonly #paths: () => ServicePaths;
  readonly #stopping = new AbortController();

  constructor(
    @Inject(SALLYPORT_OPTIONS) options: SallyportOptions,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    this.#options = options;
    this.#logger = options.logger ?? createNestLogger();
    this.#paths = () => ({
      audience: options.audience,
      globalPrefix: config.getGlobalPrefix().replaceAll(/^\/|\/$/g, ''),
      paths: (host.httpAdapter as unknown) ? guardedPaths(config, modules, discovery, scanner) : [],
    });
  }

  onApplicationBootstrap(): void {
    const { keysUrl, services, introspection } = this.#options;
    // A service that asks about tokens is called past the gateway as well, under paths of its own.
    if (keysUrl === undefined || introspection !== undefined) return;
    const url = new URL(`${internalRoutesPath}/${this.#options.audience}`, services?.url ?? keysUrl).href;
    const paths = this.#paths();
    if (paths.paths.length > 0) void this.#compare(url, paths);
  }

  onModuleDestroy(): void {
    this.#stopping.abort();
  }

  async #compare(url: string, paths: ServicePaths): Promise<void> {
    for (const pause of pausesMilliseconds) {
      await wait(pause, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      const answer = await fetchRoutes(url, this.#stopping.signal);
      if (answer === 'unanswered') continue;
      const problem = answer === undefined ? undefined : problemOfPrefix(answer, paths);
      if (problem !== undefined)
        this.#logger.warn('the gateway does not forward to the paths of this service', { ...problem });
      return;
    }
  }
}

function guardedPaths(
  config: ApplicationConfig,
  modules: ModulesContainer,
  discovery: DiscoveryService,
  scanner: MetadataScanner,
): readonly string[] {
  const pathsOf = createHttpPaths(config, modules);
  return listHandlers(discovery, scanner)
    .filter(({ transport, handler, controller }) => {
      const { kind } = accessOf(handler, controller);
      return transport === 'HTTP' && (kind === 'guarded' || kind === 'optional');
    })
    .flatMap((handler) => pathsOf(handler).map(({ path }) => path));
}

/** `undefined` for a gateway that does not tell, such as one of an earlier version. */
async function fetchRoutes(
  url: string,
  stopping: AbortSignal,
): Promise<readonly AudienceRoute[] | 'unanswered' | undefined> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(patienceMilliseconds)]),
    });
    if (response.ok) return parseAudienceRoutes(await response.json());
    await response.body?.cancel();
    return response.status >= 500 ? 'unanswered' : undefined;
  } catch {
    return 'unanswered';
  }
}
