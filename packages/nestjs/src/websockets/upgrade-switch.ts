import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { SallyportError } from '@sallyport/core';
import { refuseUpgrade, type RefusalParts } from './refuse-handshake.ts';

/** Takes the upgrades of one path. */
export interface UpgradeTarget {
  /** `undefined` on a port of its own: every path. */
  readonly path: string | undefined;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** How long another listener may take to answer an upgrade that is none of ours. */
const foreignMilliseconds = 5000;

/**
 * The upgrades of one HTTP server, by path. Those of other paths are left to other listeners of the server, such as
 * subscriptions of GraphQL; what none of them answers is ended, because Node keeps it open for ever.
 */
export class UpgradeSwitch {
  readonly #targets: UpgradeTarget[] = [];
  readonly #server: Server;
  readonly #refusal: RefusalParts;
  readonly #isOwn: boolean;
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathOf(request);
    const target = this.#targets.find((one) => one.path === undefined || one.path === path);
    // Until a WebSocket listens for itself: a client that resets the connection must not end the process.
    socket.on('error', ignore);
    if (target !== undefined) target.take(request, socket, head);
    else this.#leaveToOthers(request, socket);
  };

  private constructor(server: Server, isOwn: boolean, refusal: RefusalParts) {
    this.#server = server;
    this.#isOwn = isOwn;
    this.#refusal = refusal;
    server.on('upgrade', this.#onUpgrade);
  }

  /** On the server of the application. */
  static on(server: Server, refusal: RefusalParts): UpgradeSwitch {
    return new UpgradeSwitch(server, false, refusal);
  }

  /** On a port of its own, which speaks nothing but WebSocket. */
  static listen(port: number, refusal: RefusalParts): UpgradeSwitch {
    const server = createServer((_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    server.listen(port);
    return new UpgradeSwitch(server, true, refusal);
  }

  add(target: UpgradeTarget): void {
    this.#targets.push(target);
  }

  async close(): Promise<void> {
    this.#server.off('upgrade', this.#onUpgrade);
    if (!this.#isOwn) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #leaveToOthers(request: IncomingMessage, socket: Duplex): void {
    const refuse = (): void =>
      refuseUpgrade(request, socket, new SallyportError('SP_NOT_FOUND', { reason: 'no-web-socket' }), this.#refusal);
    if (this.#server.listenerCount('upgrade') === 1) return refuse();
    const timer = setTimeout(() => {
      if ('bytesWritten' in socket && socket.bytesWritten === 0) refuse();
    }, foreignMilliseconds);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }
}

/** As it was sent: a path that is spelled otherwise is another one. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function ignore(): void {}
