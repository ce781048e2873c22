import { ServerResponse, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { SallyportError, type Caller } from '@sallyport/core';
import type { INestApplication, WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import { catchError, defer, EMPTY, type Observable } from 'rxjs';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';
import { callerOf } from '../request-caller.ts';
import {
  anyKnownCaller,
  normalizePath,
  requireConnectionAccess,
  takesStrangers,
  type SocketGateway,
} from './gateway-access.ts';
import { loadPackage, type SocketIoPackage } from './load-package.ts';
import { refuseRequest, refuseUpgrade } from './refuse-handshake.ts';
import { createSocketAdmission, type Admitted, type SocketAdmission } from './socket-admission.ts';
import type { SallyportSocketOptions } from './socket-options.ts';
import { VerifiedIoConnection, type EngineSocket } from './verified-io-connection.ts';

/** What `@WebSocketGateway` may say for socket.io. */
export type IoGatewayOptions = Partial<ServerOptions> & {
  readonly namespace?: string | RegExp;
  readonly server?: Server;
};

/** A request of engine.io, which has read its query. */
type EngineRequest = IncomingMessage & { readonly _query?: { readonly sid?: string } };

const usualPath = '/socket.io';

/**
 * Serves WebSocket gateways with socket.io, and verifies who connects before there is a connection, whatever the transport:
 * a refusal is a plain answer of HTTP (401, 403, 429 or 503 as problem+json), or `connect_error` where only one namespace
 * asks for more. `handleConnection` sees the caller by `callerOf(client)`.
 *
 * A connection ends when its token expires or is revoked, and with every message it is looked at again. What a client sends
 * as `auth` is never taken for a credential: it would arrive after the upgrade.
 *
 * @throws OptionsError for bad options, and where `socket.io` is not installed.
 *
 * @example
 * const app = await NestFactory.create(AppModule);
 * app.useWebSocketAdapter(new SallyportIoAdapter(app));
 * await app.listen(3000);
 *
 * @example
 * // With another adapter of socket.io between the processes of a service:
 * class RedisIoAdapter extends SallyportIoAdapter {
 *   override createIOServer(port: number, options?: IoGatewayOptions): Server {
 *     return super.createIOServer(port, options).adapter(createAdapter(publisher, subscriber));
 *   }
 * }
 */
export class SallyportIoAdapter extends AbstractWsAdapter {
  readonly #io: SocketIoPackage;
  readonly #admission: SocketAdmission;

  constructor(app: INestApplication, options: SallyportSocketOptions = {}) {
    super(app);
    this.#io = loadPackage('socket.io', 'SallyportIoAdapter');
    this.#admission = createSocketAdmission('SallyportIoAdapter', app, options);
  }

  override create(port: number, options: IoGatewayOptions = {}): Server | Namespace {
    const { namespace, server, ...rest } = options;
    if (namespace === undefined) return server ?? this.createIOServer(port, rest);
    return (server ?? this.createIOServer(port, rest)).of(namespace);
  }

  /** Makes a server whose connections are verified. To be extended, and its result not to be replaced. */
  createIOServer(port: number, options: IoGatewayOptions = {}): Server {
    const { Server: IoServer } = this.#io;
    const settings: Partial<ServerOptions> = {
      maxHttpBufferSize: this.#admission.settings.maxMessageBytes,
      serveClient: false,
      connectTimeout: 10_000,
      ...options,
      // A connection that is recovered is a connection.
      ...(options.connectionStateRecovery === undefined
        ? {}
        : { connectionStateRecovery: { ...options.connectionStateRecovery, skipMiddlewares: false } }),
    };
    // The server of an application with an HTTP adapter, which `AbstractWsAdapter` does not type.
    const server = new IoServer(port === 0 ? (this.httpServer as HttpServer) : port, settings);
    const path = normalizePath(options.path ?? usualPath);
    const gateways = this.#admission.gateways.filter((one) => one.port === port && (one.path ?? usualPath) === path);
    this.#protect(server, gateways);
    return server;
  }

  override bindClientDisconnect(client: Socket, callback: (reason?: unknown) => void): void {
    client.once('disconnect', callback);
  }

  override bindMessageHandlers(
    client: Socket,
    handlers: WsMessageHandler<string>[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    for (const { message, callback, isAckHandledManually } of handlers) {
      client.on(message, (...values: unknown[]) => {
        const { data, acknowledge } = readArguments(values);
        // Deferred, so that what is thrown at once is caught as well.
        defer(() => transform(callback(data, acknowledge)))
          .pipe(catchError((error: unknown) => this.#logUnhandled(error)))
          .subscribe((answer) => {
            if (answer === undefined || answer === null) return;
            if (isEvent(answer)) client.emit(answer.event, answer.data);
            else if (isAckHandledManually !== true) acknowledge?.(answer);
          });
      });
    }
  }

  #protect(server: Server, gateways: readonly SocketGateway[]): void {
    const connections = new WeakMap<object, VerifiedIoConnection>();
    const openedBy = new Map<string, Caller>();
    const admittedOf = new WeakMap<object, Admitted>();
    const { engine } = server;
    const decide = async (request: EngineRequest, response: ServerResponse): Promise<boolean> => {
      try {
        const sid = request._query?.sid;
        if (sid !== undefined) await this.#recognize(request, openedBy.get(sid));
        else keepPlace(request, response, await this.#admit(request, gateways));
        return true;
      } catch (error) {
        const { refusal } = this.#admission;
        if (response instanceof ServerResponse) refuseRequest(request, response, error, refusal);
        else refuseUpgrade(request, request.socket, error, refusal);
        return false;
      }
    };
    const keepPlace = (request: EngineRequest, response: ServerResponse, admitted: Admitted): void => {
      admittedOf.set(request, admitted);
      // Also where engine.io refuses what follows; what it accepts gives the place back when it is closed.
      const end = response instanceof ServerResponse ? response : request.socket;
      end.once('close', () => admittedOf.delete(request) && admitted.release());
      if (request.socket.destroyed && admittedOf.delete(request)) admitted.release();
    };
    engine.use(async (request: EngineRequest, response: ServerResponse, next: () => void) => {
      // Until a WebSocket listens for itself: a client that resets the connection must not end the process. Not for
      // plain requests, of which many come on one connection.
      if (!(response instanceof ServerResponse)) request.socket.on('error', ignore);
      if (await decide(request, response)) next();
    });
    // Before socket.io is told of it.
    engine.prependListener('connection', (socket: EngineSocket) => {
      const admitted = admittedOf.get(socket.request);
      // Nothing comes this way that was not admitted; if it did, it would have no place here.
      if (admitted === undefined) return socket.close(true);
      admittedOf.delete(socket.request);
      openedBy.set(socket.id, admitted.caller);
      socket.once('close', () => {
        openedBy.delete(socket.id);
        admitted.release();
      });
      connections.set(socket.request, new VerifiedIoConnection(socket, admitted, this.#admission));
    });
    const protectNamespace = (namespace: Namespace): void => {
      const accesses = gateways.filter((one) => isOf(one, namespace.name)).map(({ access }) => access);
      namespace.use((socket, next) => {
        try {
          requireConnectionAccess(callerOf(socket.request), accesses);
          const connection = connections.get(socket.request);
          if (connection === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-verified' });
          connection.add(socket);
          next();
        } catch (error) {
          next(toConnectError(error));
        }
      });
    };
    protectNamespace(server.of('/'));
    server.on('new_namespace', protectNamespace);
  }

  /** A first request. What only one of several namespaces asks for is asked where that one is entered. */
  #admit(request: IncomingMessage, gateways: readonly SocketGateway[]): Promise<Admitted> {
    const accesses = gateways.map(({ access }) => access);
    const isOneNamespace = new Set(gateways.map(({ namespace }) => String(namespace))).size <= 1;
    if (isOneNamespace) return this.#admission.admit(request, accesses);
    return this.#admission.admit(request, accesses.some(takesStrangers) ? [] : [anyKnownCaller]);
  }

  /** A later request of a connection, by long polling or to change its transport: of the same caller, verified anew. */
  async #recognize(request: IncomingMessage, opener: Caller | undefined): Promise<void> {
    const { caller } = await this.#admission.identify(request);
    // What engine.io does not know either, it refuses itself.
    if (opener === undefined || isSameCaller(opener, caller)) return;
    throw new SallyportError('SP_FORBIDDEN', { reason: 'connection-of-another-caller' });
  }

  #logUnhandled(error: unknown): Observable<never> {
    const cause = error instanceof Error ? error : new SallyportError('SP_INTERNAL', { cause: error });
    const fields = { event: 'message-failed', error: cause.name, stack: cause.stack };
    this.#admission.refusal.logger.error('a message failed', fields);
    return EMPTY;
  }
}

function isOf({ namespace }: SocketGateway, name: string): boolean {
  return typeof namespace === 'string' ? namespace === name : namespace.test(name);
}

function isSameCaller(first: Caller, second: Caller): boolean {
  if (first.kind === 'anonymous' || second.kind === 'anonymous') return first.kind === second.kind;
  return first.kind === second.kind && first.id === second.id && first.sid === second.sid;
}

/** What the client gets as `connect_error`: our code, and nothing of the cause. */
function toConnectError(thrown: unknown): Error {
  const { code, status } = thrown instanceof SallyportError ? thrown : new SallyportError('SP_INTERNAL');
  return Object.assign(new Error(code), { data: { code, status } });
}

/** Data, and what acknowledges them, where the client asks for that. */
function readArguments(values: readonly unknown[]): {
  readonly data: unknown;
  readonly acknowledge: ((answer: unknown) => void) | undefined;
} {
  const last = values.at(-1);
  const acknowledge = isAcknowledgement(last) ? last : undefined;
  const data = acknowledge === undefined ? values : values.slice(0, -1);
  return { data: data.length > 1 ? data : data[0], acknowledge };
}

function isAcknowledgement(value: unknown): value is (answer: unknown) => void {
  return typeof value === 'function';
}

function isEvent(answer: unknown): answer is { readonly event: string; readonly data?: unknown } {
  return typeof answer === 'object' && answer !== null && 'event' in answer && typeof answer.event === 'string';
}

function ignore(): void {}
