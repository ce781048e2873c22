import { asSallyportError } from '@sallyport/core';
import type { Readable } from 'node:stream';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { Forwarding, SendOn, Transfer } from './forwarding.ts';
import { readBody, type BodyBounds } from './held-body.ts';

/** A decision that is older is made again: the session may have ended, or its token expire on the way. */
const decisionMilliseconds = 1000;

/** A request whose body is on its way. It is at no upstream yet. */
export class HeldTransfer implements Transfer {
  readonly #forwarding: Forwarding;
  readonly #sendOn: SendOn;
  readonly #body: Readable;
  readonly #begunAt = performance.now();
  #isAborted = false;
  #transfer: Transfer | undefined;

  constructor(forwarding: Forwarding, route: ResolvedRoute, bounds: BodyBounds, sendOn: SendOn) {
    this.#forwarding = forwarding;
    this.#sendOn = sendOn;
    forwarding.proceed();
    this.#body = readBody(
      forwarding.state.message,
      bounds,
      () => this.#begin(route),
      (error) => this.#fail(error),
    );
  }

  get upstreamMilliseconds(): number | undefined {
    return this.#transfer?.upstreamMilliseconds;
  }

  abort(): void {
    this.#isAborted = true;
    this.#transfer?.abort();
  }

  #begin(route: ResolvedRoute): void {
    if (this.#isAborted) return;
    if (performance.now() - this.#begunAt < decisionMilliseconds) return this.#send(route);
    this.#forwarding.decideAgain(false).then(
      (decided) => {
        if (decided !== undefined && !this.#isAborted) this.#send(decided);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #send(route: ResolvedRoute): void {
    try {
      this.#transfer = this.#sendOn(this.#forwarding, route, this.#body);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#isAborted) this.#forwarding.fail(asSallyportError(error));
  }
}
