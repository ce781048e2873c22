import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { OptionsError } from '@sallyport/core';
import type { INestApplication, WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import { EMPTY, type Observable } from 'rxjs';
import type { RawData, ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { normalizePath } from './gateway-access.ts';
import { loadPackage, type WsPackage } from './load-package.ts';
import { refuseUpgrade } from './refuse-handshake.ts';
import { createSocketAdmission, type SocketAdmission } from './socket-admission.ts';
import type { SallyportSocketOptions } from './socket-options.ts';
import { UpgradeSwitch } from './upgrade-switch.ts';
import { VerifiedWebSocket } from './verified-web-socket.ts';

/** What `@WebSocketGateway` may say for `ws`. */
export type WsGatewayOptions = Omit<ServerOptions, 'noServer' | 'port' | 'server' | 'clientTracking'> & {
  readonly namespace?: unknown;
};

/** A client that answers no ping within this time is gone. */
const heartbeatMilliseconds = 30_000;
/** How long a client may take to answer the close frame when the application ends. */
const farewellMilliseconds = 500;

/**
 * Serves WebSocket gateways with `ws`, and verifies who connects before the upgrade: a refusal is a plain answer of HTTP
 * (401, 403, 429 or 503 as problem+json), and `handleConnection` sees the caller by `callerOf(client)`.
 *
 * A connection ends when its token expires or is revoked, and with every message it is looked at again. Upgrades of paths
 * without a gateway are left to other listeners of the server.
 *
 * @throws OptionsError for bad options, and where `ws` is not installed.
 *
 * @example
 * const app = await NestFactory.create(AppModule);
 * app.useWebSocketAdapter(new SallyportWsAdapter(app));
 * await app.listen(3000);
 */
export class SallyportWsAdapter extends AbstractWsAdapter {
  readonly #ws: WsPackage;
  readonly #admission: SocketAdmission;
  readonly #switches = new Map<number, UpgradeSwitch>();
  readonly #open = new WeakMap<WebSocket, VerifiedWebSocket>();
  readonly #servers = new Set<WebSocketServer>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(app: INestApplication, options: SallyportSocketOptions = {}) {
    super(app);
    this.#ws = loadPackage('ws', 'SallyportWsAdapter');
    this.#admission = createSocketAdmission('SallyportWsAdapter', app, options);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMilliseconds);
    this.#heartbeat.unref();
  }

  override create(port: number, options: WsGatewayOptions = {}): WebSocketServer {
    const { namespace, path: given, ...rest } = options;
    if (namespace !== undefined)
      throw new OptionsError('SallyportWsAdapter knows no namespaces: use path, or SallyportIoAdapter');
    const path = given === undefined || given === null ? undefined : normalizePath(given);
    const { settings, gateways } = this.#admission;
    const accesses = gateways.filter((one) => one.port === port && one.path === path).map(({ access }) => access);
    const server = new this.#ws.WebSocketServer({ maxPayload: settings.maxMessageBytes, ...rest, noServer: true });
    server.on('error', (error) => this.#logFailure(error));
    this.#servers.add(server);
    this.#switchOf(port).add({
      path: path === undefined && port === 0 ? '/' : path,
      take: (request, socket, head) => {
        this.#admission.admit(request, accesses).then(
          (admitted) => {
            // Also where the handshake is none, and `ws` answers for itself.
            socket.once('close', admitted.release);
            if (socket.destroyed) admitted.release();
            else this.#upgrade(server, admitted, request, socket, head);
          },
          (error: unknown) => refuseUpgrade(request, socket, error, this.#admission.refusal),
        );
      },
    });
    return server;
  }

  override bindClientDisconnect(client: WebSocket, callback: (reason?: unknown) => void): void {
    client.once('close', callback);
  }

  override bindMessageHandlers(
    client: WebSocket,
    handlers: WsMessageHandler<string>[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    const byEvent = new Map(handlers.map((handler) => [handler.message, handler]));
    // A client that this adapter did not verify has no messages.
    this.#open.get(client)?.onMessage((data) => {
      const message = parseMessage(data);
      const handler = message === undefined ? undefined : byEvent.get(message.event);
      if (message === undefined || handler === undefined) return EMPTY;
      return transform(handler.callback(message.data, message.event));
    });
  }

  override async close(server: WebSocketServer): Promise<void> {
    this.#servers.delete(server);
    for (const client of server.clients) client.close(1001, 'going away');
    const late = setTimeout(() => {
      for (const client of server.clients) client.terminate();
    }, farewellMilliseconds);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    clearTimeout(late);
  }

  override async dispose(): Promise<void> {
    clearInterval(this.#heartbeat);
    await Promise.all([...this.#switches.values()].map((one) => one.close()));
    this.#switches.clear();
  }

  #upgrade(
    server: WebSocketServer,
    admitted: Awaited<ReturnType<SocketAdmission['admit']>>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', (error) => this.#logClientError(error));
      this.#open.set(client, new VerifiedWebSocket(client, admitted, this.#admission));
      server.emit('connection', client, request);
    });
  }

  #switchOf(port: number): UpgradeSwitch {
    const known = this.#switches.get(port);
    if (known !== undefined) return known;
    const { refusal } = this.#admission;
    // The server of an application with an HTTP adapter, which `AbstractWsAdapter` does not type.
    const made =
      port === 0 ? UpgradeSwitch.on(this.httpServer as Server, refusal) : UpgradeSwitch.listen(port, refusal);
    this.#switches.set(port, made);
    return made;
  }

  #beat(): void {
    for (const server of this.#servers) for (const client of server.clients) this.#open.get(client)?.beat();
  }

  #logFailure(error: Error): void {
    this.#admission.refusal.logger.error('a WebSocket server failed', {
      event: 'web-socket-failed',
      error: error.name,
      stack: error.stack,
    });
  }

  /** Of what a client sent, such as a frame that is none: the text may hold it. */
  #logClientError(error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    this.#admission.refusal.logger.info('a client broke the WebSocket protocol', { event: 'web-socket-broken', code });
  }
}

interface Message {
  readonly event: string;
  readonly data?: unknown;
}

/** Reads `{"event": …, "data": …}`, as Nest's own adapter does. What is none is dropped. */
function parseMessage(data: RawData): Message | undefined {
  try {
    // As `ws` gives it with its usual binary type: a Buffer.
    const message: unknown = JSON.parse((data as Buffer).toString());
    const isMessage =
      typeof message === 'object' && message !== null && 'event' in message && typeof message.event === 'string';
    return isMessage ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}
