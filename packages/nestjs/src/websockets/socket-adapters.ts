/* No import of a package that serves sockets: an application without any loads this file. */
import { OptionsError } from '@sallyport/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core';
import { listSocketGateways, takesStrangers } from './gateway-access.ts';

/** What knows which adapters verify connections. A registered symbol, as all tokens of this package. */
export const SOCKET_ADAPTERS = Symbol.for('@sallyport/nestjs:socket-adapters');

/**
 * Knows which adapters verify connections, and stops the start where a guarded WebSocket gateway is served by none of them:
 * others open connections, and call `handleConnection`, before anything is verified.
 */
@Injectable()
export class SocketAdapters implements OnModuleInit {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #host: HttpAdapterHost;
  readonly #adapters = new Set<string>();

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#host = host;
  }

  /** Called by an adapter when it is made. */
  add(adapter: string): void {
    this.#adapters.add(adapter);
  }

  // By then Nest has asked for an adapter; an application context without a server serves no sockets.
  onModuleInit(): void {
    // Typed as always there, which it is not in such a context.
    const httpAdapter: object | null | undefined = this.#host.httpAdapter;
    if (this.#adapters.size > 0 || httpAdapter === undefined || httpAdapter === null) return;
    const gateways = listSocketGateways(this.#discovery, this.#scanner);
    const unverified = gateways.filter(({ access }) => !takesStrangers(access));
    if (unverified.length === 0) return;
    throw new OptionsError(
      [
        'Sallyport refuses to start: nothing verifies the connections of WebSocket gateways before they are open.',
        ...unverified.map(({ type }) => `  - ${type.name} (WebSocket)`),
        "Set an adapter of '@sallyport/nestjs/websockets' before the application listens:",
        '  app.useWebSocketAdapter(new SallyportWsAdapter(app))   for ws',
        '  app.useWebSocketAdapter(new SallyportIoAdapter(app))   for socket.io',
        "or open the gateway with @Public('why it may be open') on its class.",
      ].join('\n'),
    );
  }
}
