import { SallyportError } from '@sallyport/core';
import { catchError, EMPTY, filter, mergeMap, Subject, type Observable } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import type { ConnectionEnd } from '../connections/connection-watch.ts';
import { admitConnection } from '../guard/connection-admission.ts';
import { createMessageRate } from './message-rate.ts';
import type { Admitted, SocketAdmission } from './socket-admission.ts';
import { logRefusalsOf } from './socket-exception-filter.ts';

/** What may wait in this process for a client that does not read, in bytes. */
const maxBufferedBytes = 16_777_216;
/** How long a client may take to answer a close frame. */
const closeMilliseconds = 750;

/** A WebSocket whose caller was verified before it was opened. Nothing else hands its messages on. */
export class VerifiedWebSocket {
  readonly #client: WebSocket;
  readonly #admission: SocketAdmission;
  readonly #messages = new Subject<RawData>();
  #isAlive = true;

  constructor(client: WebSocket, { caller, token }: Admitted, admission: SocketAdmission) {
    this.#client = client;
    this.#admission = admission;
    logRefusalsOf(client, admission.refusalLog);
    client.on('pong', () => (this.#isAlive = true));
    const isWithinRate = createMessageRate(admission.settings.maxMessagesPerSecond);
    const end = ({ closeCode, closeReason }: ConnectionEnd): void => this.#end(closeCode, closeReason);
    const connection =
      caller.kind === 'anonymous' || token === undefined
        ? undefined
        : admission.watch.watch({ token, principal: caller, end });
    if (connection !== undefined && caller.kind !== 'anonymous')
      admitConnection(client, { principal: caller, refusal: () => connection.refusal() });
    client.on('message', (data) => {
      if (client.readyState !== client.OPEN) return;
      if (!isWithinRate()) return this.#end(1008, 'too many messages');
      const mayPass = connection?.check() ?? true;
      if (mayPass === true) this.#messages.next(data);
      else if (mayPass !== false) void mayPass.then((passes) => passes && this.#messages.next(data));
    });
    client.once('close', () => {
      connection?.forget();
      this.#messages.complete();
    });
  }

  /** Hands on the messages that may be handled, and sends what comes of them. */
  onMessage(handle: (data: RawData) => Observable<unknown>): void {
    this.#messages
      .pipe(
        mergeMap((data) => handle(data).pipe(catchError((error: unknown) => this.#logUnhandled(error)))),
        filter((answer) => answer !== undefined && answer !== null),
      )
      .subscribe((answer) => {
        if (this.#client.readyState === this.#client.OPEN) this.#client.send(JSON.stringify(answer));
      });
  }

  /** Ends a connection whose client is gone or does not read; others get a ping. */
  beat(): void {
    if (!this.#isAlive || this.#client.bufferedAmount > maxBufferedBytes) return this.#client.terminate();
    this.#isAlive = false;
    this.#client.ping();
  }

  #end(code: number, reason: string): void {
    this.#client.close(code, reason);
    const late = setTimeout(() => this.#client.terminate(), closeMilliseconds);
    this.#client.once('close', () => clearTimeout(late));
  }

  /** What an error filter of the application threw itself. */
  #logUnhandled(error: unknown): Observable<never> {
    const cause = error instanceof Error ? error : new SallyportError('SP_INTERNAL', { cause: error });
    this.#admission.refusal.logger.error('a message failed', {
      event: 'message-failed',
      error: cause.name,
      stack: cause.stack,
    });
    return EMPTY;
  }
}
