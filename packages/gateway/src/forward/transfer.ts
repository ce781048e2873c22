import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asSallyportError, SallyportError } from '@sallyport/core';
import type { Dispatcher } from 'undici';
import { isEventStream } from './event-stream.ts';
import { isAgreement, writeAgreementHeaders } from './handshake-agreement.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import { EventBoundary } from '../streams/event-boundary.ts';
import { sendFinalEvent } from '../streams/final-event.ts';
import { toEndError, type StreamEnd } from '../streams/stream-end.ts';
import type { Stream } from '../streams/stream-register.ts';
import { openTunnel, type Tunnel } from '../streams/tunnel.ts';
import { targetForAnotherTry } from './another-try.ts';
import { replaceAuthorization } from './bind-token.ts';
import { affinityKeyOf } from './client-key.ts';
import type { Forwarding, Transfer } from './forwarding.ts';
import type { IdleAnswer } from './idle-answers.ts';
import { refusesToken, thinkAgain } from './outdated-token.ts';
import type { ForwardOptions, TransferParts } from './transfer-parts.ts';
import { faultOf, toUpstreamError } from './upstream-fault.ts';
import type { UpstreamHeaders } from './upstream-headers.ts';
import { endWithWhole } from './whole-body.ts';
import { writeResponseHeaders } from './upstream-response.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** One exchange with an upstream. A class, because one object then carries what five closures would. */
export class TransferHandler implements Dispatcher.DispatchHandler, Transfer, Stream, IdleAnswer {
  readonly #parts: TransferParts;
  readonly #options: ForwardOptions;
  readonly #state: RequestState;
  readonly #response: ServerResponse;
  readonly #forwarding: Forwarding;
  readonly #isTimed: boolean;
  readonly #client: string | undefined;
  #target: UpstreamTarget;
  #controller: Dispatcher.DispatchController | undefined;
  #isSettled = false;
  #isAborted = false;
  #isRetried = false;
  #isWaitingForDrain = false;
  #isRegistered = false;
  /** Bytes of the answer, when it says so; -1 otherwise. */
  #length = -1;
  #isEnded = false;
  /** Whether the answer is held back, and whether it was over meanwhile: that of a HEAD does not wait. */
  #held: 'no' | 'open' | 'over' = 'no';
  #sentAt = 0;
  #tunnel: Tunnel | undefined;
  /** Of an event stream, where something can be said between two events. */
  #events: EventBoundary | undefined;
  #endsAtBoundary = false;
  #hasMoved = false;
  watchedAt = -1;
  silentMilliseconds = 0;
  idleMilliseconds: number;
  quietSweeps = 0;
  upstreamMilliseconds: number | undefined;

  constructor(
    parts: TransferParts,
    target: UpstreamTarget,
    client: string | undefined,
    options: ForwardOptions,
    forwarding: Forwarding,
  ) {
    this.#parts = parts;
    this.#target = target;
    this.#client = client;
    this.#options = options;
    this.#forwarding = forwarding;
    this.#state = forwarding.state;
    this.#response = forwarding.response;
    this.idleMilliseconds = parts.idleMilliseconds;
    this.#isTimed = forwarding.state.timings !== undefined || parts.measures.isTimed;
  }

  /** Takes its place in the register. Throws `SP_TOO_MANY_STREAMS`. */
  register(): void {
    this.#parts.streams.add(this, this.#state);
    this.#isRegistered = true;
    this.#response.once('close', () => this.#parts.streams.remove(this));
  }

  send(): void {
    if (this.#isTimed) this.#sentAt = performance.now();
    this.#target.began(this.#client);
    if (this.#isRetried) this.#target.dispatchAnew(this.#options, this);
    else this.#target.dispatch(this.#options, this);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new Error('the client went away'));
  }

  end(end: StreamEnd): boolean {
    const isDraining = end === 'draining';
    if (this.#tunnel !== undefined) this.#tunnel.end(end);
    else if (!this.#response.headersSent) {
      if (isDraining && !requestOf(this.#state).headers.isWebSocket) return false;
      this.abort();
      this.#forwarding.fail(toEndError(end));
    } else {
      this.#endsAtBoundary = isDraining;
      if (isDraining && this.#events?.isReached !== true) return false;
      this.abort();
      this.#sendFinalEvent(end);
    }
    this.#state.reason = `stream-${end}`;
    return true;
  }

  takeMoved(): boolean {
    const hasMoved = this.#hasMoved || this.#isWaitingForDrain;
    this.#hasMoved = false;
    return hasMoved;
  }

  cut(): void {
    this.#controller?.abort(new Error('nothing more of the answer came'));
  }

  beat(): void {
    this.#tunnel?.beat();
    const response = this.#response;
    if (this.#events?.isReached !== true || response.writableEnded || response.writableNeedDrain) return;
    response.write(':\n\n');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(new Error('the client went away'));
  }

  onRequestUpgrade(_: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders, upstream: Duplex): void {
    this.#answered();
    this.#settle();
    const { message } = this.#state;
    if (this.#isAborted || message.socket.destroyed) {
      upstream.destroy();
      return;
    }
    if (!isAgreement(message, status, headers)) {
      upstream.destroy();
      this.#forwarding.fail(new SallyportError('SP_UPSTREAM_UNAVAILABLE', { reason: 'handshake-answer' }));
      return;
    }
    this.#response.writeHead(status, writeAgreementHeaders(headers, this.#state.requestId));
    this.#response.end();
    this.#tunnel = openTunnel(message.socket, upstream, () => (this.quietSweeps = 0));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // Early hints and the like are for the hop between us.
    if (status < 200) return;
    this.#answered();
    if (refusesToken(status, headers, this.#state)) this.#thinkAgain(controller, status, headers);
    else if (this.#forwarding.beforeAnswer !== undefined) this.#waitToAnswer(controller, status, headers);
    else this.#begin(status, headers);
  }

  #begin(status: number, headers: UpstreamHeaders): void {
    this.#length = typeof headers['content-length'] === 'string' ? Number(headers['content-length']) : -1;
    if (isEventStream(headers['content-type']) && !this.#beginEvents(headers)) return;
    const written = this.#writeHeaders(headers);
    if (written === undefined) return;
    this.#response.writeHead(status, written);
    this.#parts.idleAnswers.watch(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#hasMoved = true;
    if (this.#isRegistered) {
      if (this.#isAborted) return;
      this.quietSweeps = 0;
      this.#events?.follow(chunk);
    }
    if (chunk.length === this.#length) {
      this.#isEnded = true;
      endWithWhole(this.#response, chunk);
      return;
    }
    const isWritable = this.#response.write(chunk);
    if (this.#endsAtBoundary && this.#events?.isReached === true) {
      this.abort();
      this.#sendFinalEvent('draining');
      return;
    }
    if (isWritable || this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    controller.pause();
    this.#response.once('drain', () => {
      this.#isWaitingForDrain = false;
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#settle();
    if (this.#held !== 'no') this.#held = 'over';
    else if (!this.#isEnded) this.#response.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle();
    if (this.#isAborted || this.#isEnded || this.#response.destroyed) return;
    if (this.#response.headersSent) {
      // Half an answer must not look like a whole one.
      this.#response.destroy();
      return;
    }
    const fault = faultOf(error);
    const target = this.#targetForAnotherTry(error);
    if (fault !== undefined) {
      // What an idle connection was closed for says nothing of the target: the second try will.
      if (target !== this.#target) this.#target.failed();
      this.#parts.measures.failures[fault].add();
    }
    if (target === undefined) {
      this.#forwarding.fail(toUpstreamError(error));
      return;
    }
    this.#isRetried = true;
    this.#isSettled = false;
    this.#target = target;
    this.#options.servername = target.serverName;
    this.#renewBinding();
    this.send();
  }

  #renewBinding(): void {
    const { binding } = this.#parts;
    if (binding === undefined) return;
    binding.renew(this.#state);
    if (this.#state.token !== undefined) replaceAuthorization(this.#options.headers, this.#state.token.authorization);
  }

  /** The headers of the answer; nothing where it may not pass, which the client has been told. */
  #writeHeaders(headers: UpstreamHeaders): string[] | undefined {
    const { requestId, token } = this.#state;
    const { origin } = requestOf(this.#state).headers;
    try {
      return writeResponseHeaders(headers, this.#parts.answers, requestId, token !== undefined, origin);
    } catch (error) {
      this.abort();
      this.#forwarding.fail(asSallyportError(error));
      return undefined;
    }
  }

  /** Holds the answer back until it is known whether it is worth anything. */
  #thinkAgain(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    this.#held = 'open';
    controller.pause();
    thinkAgain(this.#forwarding)
      .then((thought) => {
        if (this.#isAborted) return;
        if (thought.kind === 'pass') {
          this.#beginLate(controller, status, headers);
          return;
        }
        if (this.#held === 'over') this.#isAborted = true;
        else this.abort();
        if (thought.kind === 'answered') return;
        if (this.#isRegistered) this.#parts.streams.remove(this);
        this.#forwarding.transfer = this.#parts.sendOn(this.#forwarding, thought.route, null);
      })
      .catch((error: unknown) => {
        this.abort();
        this.#forwarding.fail(asSallyportError(error));
      });
  }

  /** Holds the answer back until what has to be noted of it is noted. */
  #waitToAnswer(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    this.#held = 'open';
    controller.pause();
    (this.#forwarding.beforeAnswer?.(status) ?? Promise.resolve())
      .then(() => {
        if (!this.#isAborted) this.#beginLate(controller, status, headers);
      })
      .catch((error: unknown) => {
        if (this.#held === 'over') this.#isAborted = true;
        else this.abort();
        this.#forwarding.fail(asSallyportError(error));
      });
  }

  /** Begins an answer that was held back. */
  #beginLate(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    this.#begin(status, headers);
    const isOver = this.#held === 'over';
    // Before the rest of the answer comes, which may be at once.
    this.#held = 'no';
    if (isOver) this.#response.end();
    else controller.resume();
  }

  #answered(): void {
    this.#target.answered();
    if (!this.#isTimed) return;
    const milliseconds = performance.now() - this.#sentAt;
    this.#parts.measures.headSeconds.observe(milliseconds / 1000);
    if (this.#state.timings !== undefined) this.upstreamMilliseconds = milliseconds;
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#parts.idleAnswers.forget(this);
    this.#target.ended(this.#client);
  }

  /** Starts to follow an event stream. False when there is no room for it, which the client has been told. */
  #beginEvents(headers: UpstreamHeaders): boolean {
    try {
      if (!this.#isRegistered) this.register();
    } catch (error) {
      this.abort();
      this.#forwarding.fail(asSallyportError(error));
      return false;
    }
    this.idleMilliseconds = this.#parts.silenceMilliseconds;
    this.#parts.slowClients.spareDuring(this.#response, this.#state.message.socket);
    // Into what is compressed, or counted, nothing can be put.
    if (headers['content-encoding'] === undefined && this.#length === -1) this.#events = new EventBoundary();
    return true;
  }

  #targetForAnotherTry(error: Error): UpstreamTarget | undefined {
    if (this.#isRetried) return undefined;
    const { choice, hasAffinity } = this.#parts;
    return targetForAnotherTry(error, this.#options, this.#target, () =>
      choice.other(this.#target, this.#client, hasAffinity ? affinityKeyOf(this.#state) : undefined),
    );
  }

  #sendFinalEvent(end: StreamEnd): void {
    sendFinalEvent(this.#response, this.#state.message.socket, end, this.#events);
  }
}
