import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import type { ConnectionEnd, WatchedConnection } from '../connections/connection-watch.ts';
import type { RefusalLog } from '../errors/refusal-log.ts';
import { admitConnection } from '../guard/connection-admission.ts';
import { createMessageRate, type MessageRate } from './message-rate.ts';
import type { Admitted, SocketAdmission } from './socket-admission.ts';
import { logRefusalsOf } from './socket-exception-filter.ts';

/** What is used of a connection of engine.io. */
export interface EngineSocket {
  readonly id: string;
  readonly request: IncomingMessage;
  once(event: 'close', listener: () => void): unknown;
  close(discard?: boolean): void;
}

/** How long a client may take to read why it is ended. */
const closeMilliseconds = 750;

/** A connection of engine.io whose caller was verified, with the namespaces that the client entered on it. */
export class VerifiedIoConnection {
  readonly #engineSocket: EngineSocket;
  readonly #admitted: Admitted;
  readonly #sockets = new Set<Socket>();
  readonly #isWithinRate: MessageRate;
  readonly #watched: WatchedConnection | undefined;
  readonly #refusalLog: RefusalLog;
  #isEnded = false;

  constructor(engineSocket: EngineSocket, admitted: Admitted, admission: SocketAdmission) {
    this.#engineSocket = engineSocket;
    this.#admitted = admitted;
    this.#refusalLog = admission.refusalLog;
    this.#isWithinRate = createMessageRate(admission.settings.maxMessagesPerSecond);
    const { caller, token } = admitted;
    if (caller.kind !== 'anonymous' && token !== undefined)
      this.#watched = admission.watch.watch({ token, principal: caller, end: (end) => this.#end(end) });
    engineSocket.once('close', () => {
      this.#isEnded = true;
      this.#watched?.forget();
    });
  }

  /** Takes the socket of a namespace, before its gateway is told of it. */
  add(socket: Socket): void {
    const { caller } = this.#admitted;
    const watched = this.#watched;
    if (caller.kind !== 'anonymous' && watched !== undefined)
      admitConnection(socket, { principal: caller, refusal: () => watched.refusal() });
    logRefusalsOf(socket, this.#refusalLog);
    this.#sockets.add(socket);
    socket.once('disconnect', () => this.#sockets.delete(socket));
    socket.use((_packet, next) => {
      if (this.#isEnded) return;
      if (!this.#isWithinRate()) return this.#end({ closeCode: 1008, closeReason: 'too many messages' });
      const mayPass = this.#watched?.check() ?? true;
      if (mayPass === true) next();
      // What is not passed on is not handled.
      else if (mayPass !== false) void this.#passLater(mayPass, next);
    });
  }

  async #passLater(mayPass: Promise<boolean>, next: () => void): Promise<void> {
    if ((await mayPass) && !this.#isEnded) next();
  }

  /**
   * Says why in an `exception`, as Nest tells errors, and closes. After the end of a token the client connects again by
   * itself; a connection that may not be opened again is ended so that it does not try.
   */
  #end(end: ConnectionEnd | TooManyMessages): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { closeCode, closeReason } = end;
    const isOver = closeReason === 'session ended' || closeCode === 1008;
    for (const socket of this.#sockets) {
      socket.emit('exception', { status: 'error', message: closeReason, closeCode });
      if (isOver) socket.disconnect();
    }
    this.#engineSocket.close();
    const late = setTimeout(() => this.#engineSocket.close(true), closeMilliseconds);
    this.#engineSocket.once('close', () => clearTimeout(late));
  }
}

interface TooManyMessages {
  readonly closeCode: 1008;
  readonly closeReason: 'too many messages';
}
