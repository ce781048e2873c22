import { OptionsError } from '@sallyport/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listHandlers } from '../access/list-handlers.ts';
import { accessOf } from '../access/resolve-access.ts';

/**
 * Stops the start of an application with identity in its process where a WebSocket gateway asks for a caller. Node gives
 * handshakes to no handler of requests, so that identity attaches no token to them, and each would be refused.
 */
@Injectable()
export class SocketAudit implements OnModuleInit {
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;

  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
  }

  onModuleInit(): void {
    const names = listHandlers(this.#discovery, this.#scanner)
      .filter(({ transport, handler, controller }) => {
        return transport === 'WebSocket' && accessOf(handler, controller).kind === 'guarded';
      })
      .map(({ controller, methodName }) => `${controller.name}.${methodName}`);
    if (names.length === 0) return;
    throw new OptionsError(
      [
        'WebSocket handshakes have no caller where identity is in the process, and these handlers ask for one:',
        ...names.map((name) => `  - ${name}`),
        'Send events over HTTP instead (@Sse), which are guarded; or put a gateway in front, with SallyportModule here.',
      ].join('\n'),
    );
  }
}
